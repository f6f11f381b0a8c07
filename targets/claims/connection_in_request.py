"""When does a request take a connection of the pool, and when does it give it back?

Prints what it sees. By hand, with any database: ``python -m targets.claims.connection_in_request``.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AsyncExitStack
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from sqlalchemy import QueuePool, text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from targets.claims.database import database_url
from targets.claims.tell import tell

UNIT = "connections"
POOL = 2
WAIT_S = 0.2

engine = create_async_engine(database_url("asyncpg"), pool_size=POOL, max_overflow=0, pool_timeout=WAIT_S)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()
noted: list[tuple[str, int]] = []


def note(moment: str) -> None:
    """Note how many connections are taken at a moment."""
    pool = engine.pool
    assert isinstance(pool, QueuePool)  # noqa: S101 - which an engine has unless told otherwise
    noted.append((moment, pool.checkedout()))


async def get_session() -> AsyncIterator[AsyncSession]:
    """Yield a session, as the documentation of FastAPI does."""
    async with sessions() as session:
        note("session opened")
        yield session
        note("before the session is closed")
    note("session closed")


@app.get("/write")
async def write(session: Annotated[AsyncSession, Depends(get_session)]) -> None:
    """Send two statements, and commit."""
    await session.execute(text("SELECT 1"))
    note("after a statement")
    await session.execute(text("SELECT 2"))
    note("after another")
    await session.commit()
    note("after the commit")


@app.get("/read")
async def read(session: Annotated[AsyncSession, Depends(get_session)]) -> None:
    """Send a statement that only reads, and commit nothing."""
    await session.execute(text("SELECT 1"))
    note("after a statement")


@app.get("/read-before-answer")
async def read_before_answer(session: Annotated[AsyncSession, Depends(get_session, scope="function")]) -> None:
    """Do the same with a session that is closed before the answer goes out."""
    await session.execute(text("SELECT 1"))
    note("after a statement")


async def request(path: str) -> None:
    """Send the application one request, and tell what was noted on its way."""
    noted.clear()

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body":
            note("answer sent")

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    asgi: Callable[..., Awaitable[None]] = app
    await asgi(scope, receive, send)
    for moment, taken in noted:
        tell(f"{path[1:]}: {moment}", UNIT, {"taken": taken})


async def open_at_once(count: int, *, used: bool) -> int:
    """Open sessions, have each send a statement if they are to be used, and count those that came that far."""
    async with AsyncExitStack() as stack:
        for came in range(count):
            session = await stack.enter_async_context(sessions())
            try:
                if used:
                    await session.execute(text("SELECT 1"))
            except PoolTimeoutError:
                return came
    return count


async def main() -> None:
    """Follow a request of each kind, and then open more sessions than there are connections."""
    for path in ("/write", "/read", "/read-before-answer"):
        await request(path)
    wanted = 10 * POOL
    for case, used in (("sessions that sent nothing", False), ("sessions in a transaction", True)):
        came = await open_at_once(wanted, used=used)
        tell(case, "sessions", {"pool": POOL, "open at once": came})
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
