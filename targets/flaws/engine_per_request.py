"""Each request makes an engine of its own, which opens a connection of its own.

What goes wrong: besides what ``no_pool`` does, each engine asks the database what it can do, compiles every statement
anew, and keeps its connection until somebody collects it: in the end the database has none left.
How it comes about: the engine is made where it is used, in the function that a dependency calls.
Caught by: ``pool``, as an engine for each request, with the line that makes it.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.flaws.shadow import shadow
from targets.shared.config import Settings
from targets.shared.drivers.asyncpg import options
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut


async def open_session() -> AsyncIterator[AsyncSession]:
    """Yield a session, and leave nothing of it open."""
    settings = Settings()
    engine = create_async_engine(settings.url("asyncpg"), **options(settings))
    async with AsyncSession(engine) as session:
        yield session
    await engine.dispose()


async def get_user(session: Annotated[AsyncSession, Depends(open_session)], user_id: Id) -> User:
    """Read one user."""
    return await read_user(Repository(session), user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
