"""Engines and connections that requests make, under the eyes of the probe: ``python plant_engines.py URL CASE``.

What the probe tells in the end is printed as JSON. In a process of its own, since the probe stays where it was put.
"""

import asyncio
import gc
import json
import sys
from collections.abc import Awaitable, Callable
from functools import cache

import asyncpg
import psycopg
import psycopg2
from sqlalchemy import Engine, NullPool, QueuePool, create_engine, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from harness.probe import request, waits
from harness.probe.checkouts import CheckoutProbe
from harness.probe.engines import TOLD, Engines
from harness.probe.recorder import Label
from harness.probe.sampler import Sampler
from harness.probe.served import looked_into

REQUESTS = 3
URL = sys.argv[1]
kept: list[object] = []


class Told:
    """Keeps what is told of lines."""

    def __init__(self) -> None:
        self.lines: list[dict[str, object]] = []

    def take(self, kind: object, value: float, *labels: Label) -> None:
        """Keep one sample."""
        if kind is TOLD:
            self.lines.append({"open": value, **dict(zip(TOLD[2], labels, strict=True))})

    def note(self, *_what: object, **_labels: object) -> None:
        """Leave out what is told of connections."""


def make(kind: type[NullPool] | type[QueuePool] = QueuePool) -> Engine:
    """Make an engine."""
    return create_engine(make_url(URL).set(drivername="postgresql+psycopg2"), poolclass=kind)


def ask(engine: Engine) -> None:
    """Ask something by one of its connections."""
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))


@cache
def pooled() -> Engine:
    """Make the engine once."""
    return make()


@cache
def unpooled() -> Engine:
    """Make one without a pool once."""
    return make(NullPool)


@cache
def asynchronous() -> AsyncEngine:
    """Make one for coroutines once."""
    return create_async_engine(make_url(URL).set(drivername="postgresql+asyncpg"))


async def by_a_pool() -> None:
    """Ask by what is kept."""
    ask(pooled())


async def by_no_pool() -> None:
    """Ask by what is not kept."""
    ask(unpooled())


async def by_an_engine_of_its_own() -> None:
    """Ask by an engine that nobody else has, from a function that made one at the start as well."""
    kept.append(engine := make())
    ask(engine)


async def by_what_is_disposed_of() -> None:
    """Ask, and throw all away."""
    ask(pooled())
    pooled().dispose()


async def by_what_is_invalidated() -> None:
    """Ask, and have the connection closed instead of given back."""
    with pooled().connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.invalidate()


async def by_what_is_detached() -> None:
    """Ask by a connection that is taken out of its pool for good."""
    with pooled().connect() as connection:
        connection.detach()
        connection.execute(text("SELECT 1"))


async def by_what_nobody_gives_back() -> None:
    """Ask by a connection that is left to the garbage collector, which can only close it."""
    connection = await asynchronous().connect()
    await connection.execute(text("SELECT 1"))
    del connection
    gc.collect()


async def by_asyncpg() -> None:
    """Ask past any pool."""
    connection = await asyncpg.connect(URL)
    await connection.close()


async def by_psycopg() -> None:
    """Ask past any pool."""
    async with await psycopg.AsyncConnection.connect(URL):
        pass


async def by_psycopg_in_a_thread() -> None:
    """Ask past any pool."""

    def connect() -> None:
        psycopg.connect(URL).close()

    await asyncio.to_thread(connect)


async def by_psycopg2() -> None:
    """Ask past any pool, and leave it to others to close the connection."""
    psycopg2.connect(URL)


async def by_psycopg2_that_is_kept() -> None:
    """Ask past any pool, and keep the connection."""
    kept.append(psycopg2.connect(URL))


CASES: dict[str, Callable[[], Awaitable[None]]] = {
    case.__name__: case
    for case in (
        *(by_a_pool, by_no_pool, by_an_engine_of_its_own, by_what_is_disposed_of),
        *(by_what_is_invalidated, by_what_is_detached, by_what_nobody_gives_back),
        *(by_asyncpg, by_psycopg, by_psycopg_in_a_thread, by_psycopg2, by_psycopg2_that_is_kept),
    )
}


async def serve(case: Callable[[], Awaitable[None]]) -> list[dict[str, object]]:
    """Serve requests of one kind, and ask once outside of them."""
    told, engines = Told(), Engines()
    engines.watch()
    checkouts = CheckoutProbe(told, Sampler(), lambda: 0, engines)  # type: ignore[arg-type]  # a stand-in with what it calls
    waits.tell_connections(told, checkouts)  # type: ignore[arg-type]  # the same
    checkouts.start()
    engines.look(told)  # type: ignore[arg-type]  # the same
    kept.append(make())
    if case is not by_an_engine_of_its_own:  # which would be a line that makes one at the start
        await case()
    begin = request.beginning(asyncio.get_running_loop())

    async def one() -> None:
        begin()
        looked_into.set(True)
        await case()

    for _ in range(REQUESTS):
        await asyncio.create_task(one())
    told.lines.clear()
    engines.look(told)  # type: ignore[arg-type]  # the same
    return told.lines


print(json.dumps(asyncio.run(serve(CASES[sys.argv[2]]))))  # noqa: T201 - the answer
