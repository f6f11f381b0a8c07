"""The commit is called, and not awaited.

What goes wrong: the coroutine is dropped without having run, the session rolls back, and the client is told 201.
How it comes about: an ``await`` that was forgotten; mypy sees it only where the call's type is known, and Python warns,
once, in the log: "coroutine 'Repository.commit' was never awaited".
Caught by: ``requests``, which names the line, and by ``writes``, as every acknowledged write is lost.
"""

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import UserIn, UserWithPosts, WriteKey
from targets.shared.statements import audit, new_user


async def create_user(session: DatabaseSession, key: WriteKey, user: UserIn) -> User:
    """Write a user and an audit row, and forget to wait for the commit."""
    repository = Repository(session)
    made = new_user(key, user)
    await repository.add(made)
    await repository.add(audit(key, "create_user", made.id))
    repository.commit()  # type: ignore[unused-coroutine]  # the flaw
    return made


app = shadow(create_app(), "/users", create_user, UserWithPosts)
