"""Is one query after another any faster by an async engine? By the same driver, psycopg 3, in both.

Prints what it sees. By hand, with a migrated and seeded database: ``python -m targets.claims.single_query``.
"""

import asyncio
import time

from sqlalchemy import Engine, create_engine, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from harness.model.claims import RATIO
from targets.claims.database import database_url
from targets.claims.tell import tell
from targets.shared.models import User

ROUNDS, EACH = 30, 60
QUERY = select(User.name).where(User.id == 1)


async def by_async(engine: AsyncEngine) -> float:
    """Send the query over and over on one connection, and return milliseconds for each."""
    async with engine.connect() as connection:
        began_s = time.perf_counter()
        for _ in range(EACH):
            (await connection.execute(QUERY)).one()
        return 1000 * (time.perf_counter() - began_s) / EACH


def by_sync(engine: Engine) -> float:
    """Do the same without async."""
    with engine.connect() as connection:
        began_s = time.perf_counter()
        for _ in range(EACH):
            connection.execute(QUERY).one()
        return 1000 * (time.perf_counter() - began_s) / EACH


async def main() -> None:
    """Take turns, there and back, so that the machine does to the one what it does to the other."""
    engines = create_async_engine(database_url("psycopg")), create_engine(database_url("psycopg"))
    for turn in range(ROUNDS + 1):
        if turn % 2:
            asynchronous, synchronous = await by_async(engines[0]), by_sync(engines[1])
        else:
            synchronous, asynchronous = by_sync(engines[1]), await by_async(engines[0])
        if turn:  # the first compiles the statement and connects
            tell("one query", "ms", {"async": asynchronous, "sync": synchronous})
            tell("one query", RATIO, {"async/sync": asynchronous / synchronous})
    await engines[0].dispose()
    engines[1].dispose()


if __name__ == "__main__":
    asyncio.run(main())
