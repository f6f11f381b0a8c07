"""Sends statements by drivers' own calls, by threads of a pool and by streams; tells what the probe counts of each.

Run as ``plant_drivers.py URL``: a line of JSON, by case, with the calls and rows of each form as they came first.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import psycopg2.extras
from psycopg import sql
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import Session

from harness.probe import asked, dialects, queries, served
from harness.probe.recorder import Recorder
from targets.shared.models import User

USERS, POSTS = "SELECT id FROM users ORDER BY id LIMIT 5", "SELECT count(*) FROM posts WHERE user_id = "
URL = sys.argv[1]
told = Recorder(Path(tempfile.mkdtemp()))
queries.QueryProbe(None, told)  # type: ignore[arg-type]  # no request comes


def of_psycopg2(kind: Any = None) -> None:
    with psycopg2.connect(URL) as connection, connection.cursor(cursor_factory=kind) as cursor:
        assert type(cursor).execute.__code__ in dialects.asking  # which tells on a stack that it asks the database
        cursor.execute(USERS)
        for row in cursor.fetchall():
            cursor.execute(POSTS.encode() + b"%s", (row["id"] if isinstance(row, dict) else row[0],))
        cursor.executemany("UPDATE users SET name = name WHERE id = %s", [(1,), (2,)])


class Cursor(psycopg2.extensions.cursor):
    """A kind of the application's own."""


class Connection(psycopg2.extensions.connection):
    """The same."""


def of_psycopg2_by_kinds_of_its_own() -> None:
    for kinds in (
        {"connection_factory": Connection, "cursor_factory": Cursor},
        {"connection_factory": Connection},
        {"connection_factory": psycopg2.extras.NamedTupleConnection},
    ):
        with psycopg2.connect(URL, **kinds) as connection, connection.cursor() as cursor:
            assert isinstance(cursor, kinds.get("cursor_factory", psycopg2.extensions.cursor))
            cursor.execute(USERS)


def of_psycopg2_that_composes() -> None:
    of_psycopg2(psycopg2.extras.RealDictCursor)


async def of_psycopg() -> None:
    async with await psycopg.AsyncConnection.connect(URL) as connection, connection.cursor() as cursor:
        await cursor.execute(USERS)
        for (user,) in await cursor.fetchall():
            await connection.execute(sql.SQL(POSTS) + sql.Literal(user))
        await cursor.executemany("UPDATE users SET name = name WHERE id = %s", [(1,), (2,)])


def of_psycopg_by_a_cursor_in_the_database() -> None:
    with psycopg.connect(URL) as connection, connection.cursor("users") as cursor:
        cursor.itersize = 2
        cursor.execute(USERS)
        for (user,) in cursor:
            connection.execute(POSTS + "%s", (user,))


def of_psycopg_in_a_pipeline() -> None:
    with psycopg.connect(URL) as connection:
        users = connection.execute(USERS).fetchall()
        with connection.pipeline():
            for user in users:
                connection.execute(POSTS + "%s", user)


async def of_asyncpg() -> None:
    connection = await asyncpg.connect(URL)
    async with connection.transaction():
        users = await connection.fetch(USERS)
        for user in users:
            await connection.fetchval(POSTS + "$1", user["id"])
        await connection.executemany("UPDATE users SET name = name WHERE id = $1", [(1,), (2,)])
    await connection.close()


async def of_asyncpg_prepared() -> None:
    connection = await asyncpg.connect(URL)
    async with connection.transaction():
        counting = await connection.prepare(POSTS + "$1")
        async for user in connection.cursor(USERS, prefetch=2):
            await counting.fetchval(user["id"])
    await connection.close()


def engine_of(driver: str, **options: Any) -> Engine:
    """Make an engine that has asked what server it speaks to."""
    engine = create_engine(URL.replace("postgresql:", f"postgresql+{driver}:"), **options)
    before = asked.under_way.set(None)
    engine.connect().close()
    asked.under_way.reset(before)
    return engine


async def async_engine() -> AsyncEngine:
    """Make one that has, on asyncpg, and asks before each use whether its connection is alive."""
    engine = create_async_engine(URL.replace("postgresql:", "postgresql+asyncpg:"), pool_pre_ping=True)
    before = asked.under_way.set(None)
    await (await engine.connect()).close()
    asked.under_way.reset(before)
    return engine


def of_sqlalchemy(driver: str) -> None:
    with engine_of(driver).connect() as connection:
        for (user,) in connection.execute(text(USERS)):
            connection.execute(text(f"{POSTS} {user}"))


def of_psycopg2_by_sqlalchemy() -> None:
    of_sqlalchemy("psycopg2")


def of_psycopg_by_sqlalchemy() -> None:
    of_sqlalchemy("psycopg")


async def of_asyncpg_by_sqlalchemy() -> None:
    engine = await async_engine()
    for _ in range(2):
        async with engine.connect() as connection:
            await connection.execute(text(USERS))
            await connection.commit()
    await engine.dispose()


def of_a_connection_of_its_own() -> None:
    engine = engine_of("psycopg2", creator=lambda: psycopg2.connect(URL))
    with engine.connect() as connection:
        connection.execute(text(USERS))


def of_threads() -> None:
    engine = engine_of("psycopg2")

    def count(user: int) -> None:
        with engine.connect() as connection:
            connection.execute(text(f"{POSTS} {user}"))

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(count, range(4)))


def of_a_stream(driver: str = "psycopg2") -> None:
    with Session(engine_of(driver)) as session:
        for parts in ({"yield_per": 7}, {"stream_results": True}):
            assert len([*session.scalars(select(User).limit(20).execution_options(**parts))]) == 20
        assert len(session.scalars(select(User).limit(20), execution_options={"stream_results": True}).all()) == 20


def of_a_stream_of_psycopg() -> None:
    of_a_stream("psycopg")


async def of_a_stream_of_asyncpg() -> None:
    engine = await async_engine()
    async with engine.connect() as connection:
        streamed = await connection.stream(select(User.id).limit(20), execution_options={"yield_per": 7})
        assert len([row async for row in streamed]) == 20
    await engine.dispose()


CASES: tuple[Callable[[], Awaitable[None] | None], ...] = (
    of_psycopg2,
    of_psycopg2_by_kinds_of_its_own,
    of_psycopg2_that_composes,
    of_psycopg,
    of_psycopg_by_a_cursor_in_the_database,
    of_psycopg_in_a_pipeline,
    of_asyncpg,
    of_asyncpg_prepared,
    of_psycopg2_by_sqlalchemy,
    of_psycopg_by_sqlalchemy,
    of_asyncpg_by_sqlalchemy,
    of_a_connection_of_its_own,
    of_threads,
    of_a_stream,
    of_a_stream_of_psycopg,
    of_a_stream_of_asyncpg,
)


async def all_of_them() -> dict[str, list[tuple[int, int]]]:
    seen = {}
    served.looked_into.set(True)
    for case in CASES:
        asked.under_way.set(sent := asked.Asked())
        with dialects.telling:
            done = case()
            if done is not None:
                await done
        seen[case.__name__] = [(form.calls, form.rows) for form in sent.forms.values()]
    return seen


print(json.dumps(asyncio.run(all_of_them())))  # noqa: T201 - the answer
