"""Autocommit: each statement is a transaction of its own.

What goes wrong: there is no unit of work at all; a failure after the first statement leaves what was done.
How it comes about: ``isolation_level="AUTOCOMMIT"``, set for one slow report, on the engine of everything.
Caught by: ``cut_map``, which finds partial writes after each statement.
"""

from targets.async_api import services
from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import UserIn, UserWithPosts, WriteKey


async def create_user(session: DatabaseSession, key: WriteKey, user: UserIn) -> User | UserWithPosts:
    """Write a user and the audit row, each statement by itself."""
    await session.rollback()
    await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    return await services.create_user(Repository(session), key, user)


app = shadow(create_app(), "/users", create_user, UserWithPosts)
