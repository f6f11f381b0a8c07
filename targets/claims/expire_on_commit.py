"""Can a row be read after its transaction was committed, and what does that cost?

Prints what it sees. By hand, with a migrated database: ``python -m targets.claims.expire_on_commit``.
"""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

from targets.claims.database import database_url
from targets.claims.tell import tell
from targets.shared.models import User

UNIT = "statements after the commit"


def new_user() -> User:
    """Make a user that nobody has made before."""
    return User(name="Ada", email=f"{uuid4()}@example.com", write_key=uuid4().hex)


async def read(_session: AsyncSession, user: User) -> str:
    """Read an attribute as anyone would."""
    return user.name


async def refresh_and_read(session: AsyncSession, user: User) -> str:
    """Load the row again first."""
    await session.refresh(user)
    return user.name


async def await_attribute(_session: AsyncSession, user: User) -> str:
    """Await the attribute, which ``AsyncAttrs`` offers."""
    name: str = await user.awaitable_attrs.name
    return name


class Statements:
    """Counts the statements of an engine."""

    def __init__(self, engine: Engine) -> None:
        self.count = 0
        event.listen(engine, "before_cursor_execute", self._add)

    def _add(self, _connection: Connection, *_statement: object) -> None:
        self.count += 1


async def after_commit(
    case: str, how: Callable[[AsyncSession, User], Awaitable[str]], *, expire_on_commit: bool
) -> None:
    """Store a user, commit, and then read its name."""
    engine = create_async_engine(database_url("asyncpg"))
    statements = Statements(engine.sync_engine)
    sessions = async_sessionmaker(engine, expire_on_commit=expire_on_commit)
    error = "none"
    async with sessions() as session:
        user = new_user()
        session.add(user)
        await session.commit()
        before = statements.count
        try:
            await how(session, user)
        except Exception as raised:  # noqa: BLE001 - which one it is, is the question
            error = type(raised).__name__
        tell(case, UNIT, {"statements": statements.count - before}, error=error)
    await engine.dispose()


def after_commit_without_async(case: str, *, expire_on_commit: bool) -> None:
    """Do the same without async."""
    engine = create_engine(database_url("psycopg2"))
    statements = Statements(engine)
    sessions: sessionmaker[Session] = sessionmaker(engine, expire_on_commit=expire_on_commit)
    with sessions() as session:
        user = new_user()
        session.add(user)
        session.commit()
        before = statements.count
        error = "none" if user.name == "Ada" else "another name"
        tell(case, UNIT, {"statements": statements.count - before}, error=error)
    engine.dispose()


async def main() -> None:
    """Try each way."""
    await after_commit("async", read, expire_on_commit=True)
    await after_commit("async, refreshed first", refresh_and_read, expire_on_commit=True)
    await after_commit("async, awaitable_attrs", await_attribute, expire_on_commit=True)
    await after_commit("async, expire_on_commit=False", read, expire_on_commit=False)
    after_commit_without_async("sync", expire_on_commit=True)
    after_commit_without_async("sync, expire_on_commit=False", expire_on_commit=False)


if __name__ == "__main__":
    asyncio.run(main())
