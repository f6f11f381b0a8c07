"""Commit in two steps: the user first, "so that it has an id", and the audit row afterwards.

What goes wrong: whatever fails between the two commits leaves a user without an audit row.
How it comes about: a helper that commits for itself is called in the middle of a larger unit of work.
Caught by: ``cut_map``, which finds partial writes between the two commits.
"""

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import UserIn, UserWithPosts, WriteKey
from targets.shared.statements import audit, new_user


async def create_user(session: DatabaseSession, key: WriteKey, user: UserIn) -> User:
    """Write a user, commit, and write the audit row."""
    repository = Repository(session)
    made = new_user(key, user)
    await repository.add(made)
    await repository.commit()
    await repository.add(audit(key, "create_user", made.id))
    await repository.commit()
    return made


app = shadow(create_app(), "/users", create_user, UserWithPosts)
