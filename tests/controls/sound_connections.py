"""Sound neighbours of flaws that ``pool`` catches: they look like them, and keep what they have made."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import asyncpg
from fastapi import FastAPI, Request
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.flaws.shadow import shadow
from targets.shared.config import Settings, pool_options
from targets.shared.drivers.asyncpg import options
from targets.shared.errors import existing
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut
from targets.shared.statements import audit

KEY = "0" * 32  # of no write of ours
CLIENTS = 16  # that read users at once
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


@asynccontextmanager
async def pooled(app: FastAPI) -> AsyncIterator[None]:
    """Have a pool of asyncpg's own for as long as the application runs, beside its engine."""
    settings = Settings()
    url = settings.url("asyncpg").set(drivername="postgresql").render_as_string(hide_password=False)
    async with engine_of(app), asyncpg.create_pool(url, min_size=1, max_size=20, ssl=False) as app.state.pool:
        yield


async def read_by_asyncpg(request: Request, user_id: Id) -> asyncpg.Record:
    """By a pool of the driver's own, one connection after the other."""
    async with request.app.state.pool.acquire() as connection:
        await connection.execute("SELECT 1")
    user = await request.app.state.pool.fetchrow("SELECT * FROM users WHERE id = $1", user_id)
    return existing(user, "user", user_id)


async def read_pinged(user_id: Id) -> User:
    """By a pool that asks each connection whether it is there, and has as many as there are clients."""
    async with AsyncSession(pinged()) as session:
        return await read_user(Repository(session), user_id)


@cache
def pinged() -> AsyncEngine:
    """Make the engine."""
    settings = Settings()
    kept = {"pool_size": CLIENTS, "max_overflow": 0, "pool_pre_ping": True}
    return create_async_engine(settings.url("asyncpg"), **kept, **options(settings))


lazily = shadow(create_app(), "/users/{user_id}", read_lazily, UserOut, method="get")
recycled = shadow(create_app(), "/users/{user_id}", read_recycled, UserOut, method="get")
afterwards = shadow(create_app(), "/users/{user_id}", note_afterwards, UserOut, method="get")
pre_pinged = shadow(create_app(), "/users/{user_id}", read_pinged, UserOut, method="get")
by_asyncpg = shadow(create_app(), "/users/{user_id}", read_by_asyncpg, UserOut, method="get")
engine_of, by_asyncpg.router.lifespan_context = by_asyncpg.router.lifespan_context, pooled
