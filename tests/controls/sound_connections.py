"""Sound neighbours of flaws that ``pool`` catches: they look like them, and keep what they have made."""

from functools import cache

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.flaws.shadow import shadow
from targets.shared.config import Settings, pool_options
from targets.shared.drivers.asyncpg import options
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut
from targets.shared.statements import audit

KEY = "0" * 32  # of no write of ours
RECYCLED_S = 1  # far sooner than anyone would


@cache
def engine(recycled_s: int) -> AsyncEngine:
    """Make an engine at the first request, and keep it; its connections are renewed after so long."""
    settings = Settings()
    kept = pool_options(settings) | {"pool_recycle": recycled_s}
    return create_async_engine(settings.url("asyncpg"), **kept, **options(settings))


async def read_lazily(user_id: Id) -> User:
    """By an engine that the first request has made."""
    async with AsyncSession(engine(-1)) as session:
        return await read_user(Repository(session), user_id)


async def read_recycled(user_id: Id) -> User:
    """By a connection that is renewed now and then."""
    async with AsyncSession(engine(RECYCLED_S)) as session:
        return await read_user(Repository(session), user_id)


async def note_afterwards(request: Request, user_id: Id) -> User:
    """One session after the other: the first gives its connection back before the second asks for one."""
    async with request.app.state.sessions() as session:
        user = await read_user(Repository(session), user_id)
    async with request.app.state.sessions() as own:
        own.add(audit(KEY, "read_user", user_id))
        await own.commit()
    return user


lazily = shadow(create_app(), "/users/{user_id}", read_lazily, UserOut, method="get")
recycled = shadow(create_app(), "/users/{user_id}", read_recycled, UserOut, method="get")
afterwards = shadow(create_app(), "/users/{user_id}", note_afterwards, UserOut, method="get")
