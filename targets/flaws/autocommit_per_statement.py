"""Autocommit: each statement is a transaction of its own.

What goes wrong: there is no unit of work at all; a failure after the first statement leaves what was done.
How it comes about: ``isolation_level="AUTOCOMMIT"``, set for one slow report, on the engine of everything.
Caught by: ``cut_map``, which finds partial writes after each statement.
"""

from __future__ import annotations

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import UserIn, UserWithPosts, WriteKey
from targets.shared.statements import audit, new_user


async def create_user(session: DatabaseSession, key: WriteKey, user: UserIn) -> User:
    """Write a user and the audit row, each statement by itself."""
    await session.rollback()
    await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    repository = Repository(session)
    made = new_user(key, user)
    await repository.add(made)
    await repository.add(audit(key, "create_user", made.id))
    await repository.commit()
    return made


app = shadow(create_app(), "/users", create_user, UserWithPosts)
