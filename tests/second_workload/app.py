"""A warehouse: pieces in bins, which are moved and inspected. Its writes carry no key, and its bins have no ``id``."""

import itertools
import os
from collections.abc import AsyncIterator
from typing import Annotated

from asyncpg.exceptions import ConnectionDoesNotExistError
from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import ExceptionContext, ForeignKey, event, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

LIMITS = {
    "statement_timeout": os.environ.get("STOCK_STATEMENT_MS", "5000"),
    "lock_timeout": os.environ.get("STOCK_LOCK_MS", "2000"),
    "idle_in_transaction_session_timeout": os.environ.get("STOCK_IDLE_MS", "10000"),
}
numbers = itertools.count()
engine = create_async_engine(
    os.environ.get("STOCK_DATABASE", "postgresql://127.0.0.1/none").replace("postgresql:", "postgresql+asyncpg:"),
    pool_size=int(os.environ.get("STOCK_CONNECTIONS", "10")),
    max_overflow=0,
    pool_timeout=1.0,
    connect_args={
        "server_settings": {"application_name": "stock", **LIMITS},
        "timeout": 2,
        "command_timeout": 1.6,
        "ssl": False,
        # names of one width, so that a write is as long every time
        "prepared_statement_name_func": lambda: f"{next(numbers):08x}",
    },
)
make_session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


@event.listens_for(engine.sync_engine, "handle_error")
def replace_what_broke(context: ExceptionContext) -> None:
    """Know a connection that was closed in the middle of a statement for a broken one, which the pool then replaces."""
    if isinstance(context.original_exception.__cause__, ConnectionDoesNotExistError):
        context.is_disconnect = True


class Base(DeclarativeBase):
    """Tables."""


class Bin(Base):
    """Where pieces lie."""

    __tablename__ = "bin"
    code: Mapped[str] = mapped_column(primary_key=True)
    pieces: Mapped[int]


class Movement(Base):
    """Pieces that came to a bin, or left it."""

    __tablename__ = "movement"
    serial: Mapped[int] = mapped_column(primary_key=True)
    bin_code: Mapped[str] = mapped_column(ForeignKey("bin.code"))
    pieces: Mapped[int]


class Inspection(Base):
    """Somebody has looked into a bin."""

    __tablename__ = "inspection"
    serial: Mapped[int] = mapped_column(primary_key=True)
    bin_code: Mapped[str] = mapped_column(ForeignKey("bin.code"))
    remark: Mapped[str]


class Move(BaseModel):
    """So many pieces from one bin to another."""

    source: str
    destination: str
    pieces: int = Field(ge=1)


class Look(BaseModel):
    """What was seen in a bin."""

    bin: str
    remark: str


async def opened() -> AsyncIterator[AsyncSession]:
    """Yield a session for one request."""
    async with make_session() as session:
        yield session


Opened = Annotated[AsyncSession, Depends(opened, scope="function")]


@app.get("/ready")
async def ready(session: Opened) -> dict[str, bool]:
    """Say whether the database answers."""
    await session.execute(text("SELECT 1"))
    return {"ready": True}


@app.get("/stock/{code}")
async def look_up(code: str, session: Opened) -> dict[str, int]:
    """Count the pieces in a bin."""
    found = await session.get(Bin, code)
    if found is None:
        raise HTTPException(404)
    return {"pieces": found.pieces}


@app.get("/total")
async def total(session: Opened) -> dict[str, int]:
    """Count all pieces."""
    return {"pieces": await session.scalar(select(func.sum(Bin.pieces))) or 0}


@app.post("/moves", status_code=201)
async def move(asked: Move, session: Opened) -> dict[str, str]:
    """Move pieces: two bins, two movements, one transaction."""
    codes = sorted((asked.source, asked.destination))
    held = await session.scalars(select(Bin).where(Bin.code.in_(codes)).order_by(Bin.code).with_for_update())
    bins = {one.code: one for one in held}
    for code, pieces in ((asked.source, -asked.pieces), (asked.destination, asked.pieces)):
        bins[code].pieces += pieces
        session.add(Movement(bin_code=code, pieces=pieces))
    await session.commit()
    return {"moved": "yes"}


@app.post("/inspections", status_code=201)
async def inspect(asked: Look, session: Opened) -> dict[str, str]:
    """Note what was seen."""
    session.add(Inspection(bin_code=asked.bin, remark=asked.remark))
    await session.commit()
    return {"noted": "yes"}
