"""An engine without a pool: every request opens a connection, and closes it when it is done.

What goes wrong: a request waits for a connection to be opened, in several round trips, and the database starts a
process for each; under load these cost more than what is asked.
How it comes about: ``NullPool`` was copied from a setting where something else keeps the connections, or from a test.
Caught by: ``pool``, as a connection for each request, with the line that makes the engine.
"""

from functools import cache

from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.flaws.shadow import shadow
from targets.shared.config import Settings
from targets.shared.drivers.asyncpg import options
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut


@cache
def the_engine() -> AsyncEngine:
    """Make the one engine."""
    settings = Settings()
    return create_async_engine(settings.url("asyncpg"), poolclass=NullPool, **options(settings))


async def get_user(user_id: Id) -> User:
    """Read one user by a session of its own."""
    async with AsyncSession(the_engine()) as session:
        return await read_user(Repository(session), user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
