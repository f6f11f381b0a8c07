"""A request holds a connection of a pool of asyncpg's own, and what it calls asks the same pool for another.

What goes wrong: with as many requests at once as the pool has connections each has one and waits for another.
How it comes about: each function takes its connection from the pool by itself, and one of them calls another.
Caught by: ``pool``, as requests that have a connection and wait for another, with both lines, past SQLAlchemy.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI, Request

from targets.async_api.main import create_app
from targets.flaws.shadow import shadow
from targets.shared.config import Settings, asyncpg_arguments, server_settings
from targets.shared.errors import existing
from targets.shared.schemas import Id, UserOut

CONNECTIONS = 8
LONGEST_WAIT_S = 1.0  # for one; then the request fails, and others go on


@asynccontextmanager
async def pooled(app: FastAPI) -> AsyncIterator[None]:
    """Have a pool for as long as the application runs, beside its engine."""
    settings = Settings()
    url = settings.url("asyncpg").set(drivername="postgresql").render_as_string(hide_password=False)
    sizes = {"min_size": CONNECTIONS, "max_size": CONNECTIONS}
    arguments = {**asyncpg_arguments(settings), "server_settings": server_settings(settings)}
    async with engine_of(app), asyncpg.create_pool(url, **sizes, **arguments) as app.state.pool:
        yield


async def is_known(pool: asyncpg.Pool, user_id: int) -> bool:
    """Say whether there is such a user."""
    async with pool.acquire(timeout=LONGEST_WAIT_S) as connection:
        return bool(await connection.fetchval("SELECT true FROM users WHERE id = $1", user_id))


async def get_user(request: Request, user_id: Id) -> asyncpg.Record:
    """Read one user."""
    pool = request.app.state.pool
    async with pool.acquire(timeout=LONGEST_WAIT_S) as connection:
        user = await connection.fetchrow("SELECT * FROM users WHERE id = $1", user_id)
        return existing(user if await is_known(pool, user_id) else None, "user", user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
engine_of, app.router.lifespan_context = app.router.lifespan_context, pooled
