"""Requests that use a pool of asyncpg's, under the eyes of the probe: ``python plant_driver_pools.py URL CASE``.

What the probe tells in the end is printed as JSON. In a process of its own, since the probe stays where it was put.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable

import asyncpg

from harness.probe import request
from harness.probe.checkouts import LOOK_EVERY_S, CheckoutProbe
from harness.probe.sampler import Sampler
from harness.probe.served import looked_into

SIZE = 2
URL = sys.argv[1]
released = asyncio.Event()
kept: list[object] = []
last: dict[str, dict[str, object]] = {}


class Told:
    """Keeps the last of what is told."""

    def take(self, *_what: object) -> None:
        """Leave out what is told of engines."""

    def note(self, _probe: str, metric: str, value: float, **labels: object) -> None:
        """Keep one sample."""
        last[metric] = {"value": value, **labels}


async def holds(pool: asyncpg.Pool) -> None:
    """Have a connection, and wait for something else."""
    async with pool.acquire():
        await released.wait()


async def asks(pool: asyncpg.Pool) -> None:
    """Have a connection, and wait for the database."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_sleep(1)")


async def asks_twice(pool: asyncpg.Pool) -> None:
    """Have a connection, and ask for another, for so long."""
    async with pool.acquire() as first:
        await first.execute("SELECT 1")
        try:
            async with pool.acquire(timeout=1):
                pass
        except TimeoutError:
            return


async def keeps(pool: asyncpg.Pool) -> None:
    """Give no connection back."""
    kept.append(await pool.acquire())


async def gives_back(pool: asyncpg.Pool) -> None:
    """Ask something, and give the connection back."""
    await pool.execute("SELECT 1")


CASES: dict[str, list[Callable[[asyncpg.Pool], Awaitable[None]]]] = {
    "holds": [holds, holds, holds],
    "asks": [asks],
    "asks_twice": [asks_twice, asks_twice],
    "keeps": [keeps],
    "gives_back": [gives_back] * 5,
}


async def serve(case: str) -> dict[str, dict[str, object]]:
    """Serve requests of a case, and tell what was told while they stood still, and of waits that ended in vain."""
    checkouts = CheckoutProbe(Told(), Sampler(), lambda: len(CASES[case]))  # type: ignore[arg-type]  # a stand-in with what it calls
    checkouts.start()
    begin = request.beginning(asyncio.get_running_loop())
    async with asyncpg.create_pool(URL, min_size=SIZE, max_size=SIZE) as pool:
        await asyncio.sleep(2 * LOOK_EVERY_S)  # so that asyncpg has been met

        async def one(serves: Callable[[asyncpg.Pool], Awaitable[None]]) -> None:
            begin()
            looked_into.set(True)
            await serves(pool)

        tasks = [asyncio.create_task(one(serves)) for serves in CASES[case]]
        await asyncio.sleep(6 * LOOK_EVERY_S)
        told = {**last}
        released.set()
        await asyncio.gather(*tasks)
        for connection in kept:
            await pool.release(connection)
    return told | {metric: last[metric] for metric in ("timed_out",) if metric in last}


print(json.dumps(asyncio.run(serve(sys.argv[2]))))  # noqa: T201 - the answer
