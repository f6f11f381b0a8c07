"""What becomes of ``create_async_engine`` with a URL of one driver or another, and does it hold the event loop up?

Prints what it sees. By hand, with any database: ``python -m targets.claims.bare_url``.
"""

import asyncio
import time
from collections.abc import Awaitable

from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from targets.claims.database import database_url
from targets.claims.tell import tell

STATEMENT_S = 0.4
SLOW = text(f"SELECT pg_sleep({STATEMENT_S})")
BEAT_S = 0.01
DRIVERS = ("", "psycopg2", "psycopg", "asyncpg")


async def longest_pause_ms(work: Awaitable[None]) -> float:
    """Wake up every hundredth of a second while the work is done, and return the longest pause."""
    longest_s, done = 0.0, asyncio.ensure_future(work)
    while not done.done():
        before_s = time.perf_counter()
        await asyncio.sleep(BEAT_S)
        longest_s = max(longest_s, time.perf_counter() - before_s)
    await done
    return 1000 * longest_s


async def ask(engine: AsyncEngine) -> None:
    """Send a slow statement by an async engine."""
    async with engine.connect() as connection:
        await connection.execute(SLOW)


async def ask_in_the_loop() -> None:
    """Send it by a synchronous engine, in a coroutine."""
    engine = create_engine(database_url("psycopg2"))
    with engine.connect() as connection:
        connection.execute(SLOW)
    engine.dispose()


async def with_driver(name: str) -> None:
    """Make an async engine with this driver in its URL, and use it."""
    url = database_url(name)
    try:
        engine = create_async_engine(url)
    except Exception as raised:  # noqa: BLE001 - which one it is, is the question
        tell(f"{url.drivername}://", error=type(raised).__name__, said=str(raised).partition("\n")[0])
        return
    async with engine.connect():
        pass  # connecting is not what is timed
    pause = await longest_pause_ms(ask(engine))
    tell(f"{url.drivername}://", "ms", {"longest pause of the loop": pause}, error="none", driver=engine.driver)
    await engine.dispose()


async def main() -> None:
    """Try each driver, and beside them what does hold the loop up."""
    for name in DRIVERS:
        await with_driver(name)
    pause = await longest_pause_ms(ask_in_the_loop())
    tell("a synchronous engine in a coroutine", "ms", {"longest pause of the loop": pause}, error="none")


if __name__ == "__main__":
    asyncio.run(main())
