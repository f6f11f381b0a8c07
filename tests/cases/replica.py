"""Reads go by a second engine, as to a replica: made once, for reading only, each statement by itself."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from targets.async_api.engine import make_engine
from targets.async_api.main import create_app
from targets.flaws.shadow import shadow
from targets.shared.config import Settings
from targets.shared.errors import existing
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut

engine = make_engine(Settings())
readers = async_sessionmaker(engine.execution_options(isolation_level="AUTOCOMMIT"), expire_on_commit=False)


async def get_reader() -> AsyncIterator[AsyncSession]:
    """Yield a session that reads."""
    async with readers() as session:
        yield session


async def get_user(reader: Annotated[AsyncSession, Depends(get_reader, scope="function")], user_id: Id) -> User:
    """Read one user."""
    return existing(await reader.get(User, user_id), "user", user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
