"""Writes are acknowledged, kept in memory, and flushed to the database a moment later.

What goes wrong: whatever ends the process, or the flush, loses what was acknowledged.
How it comes about: "write-behind", to batch inserts.
Caught by: ``writes``, when a worker is killed, as writes that are lost.
"""

import asyncio
from datetime import UTC, datetime

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.flaws.shadow import shadow
from targets.shared.schemas import UserIn, UserWithPosts, WriteKey
from targets.shared.statements import audit, new_user

FLUSH_S = 0.3
_kept: list[tuple[str, UserIn]] = []
_flushers: set[asyncio.Task[None]] = set()


async def _flush(sessions: async_sessionmaker[AsyncSession]) -> None:
    await asyncio.sleep(FLUSH_S)
    batch = _kept[:]
    _kept.clear()
    async with sessions() as session:
        repository = Repository(session)
        for key, user in batch:
            made = new_user(key, user)
            await repository.add(made)
            await repository.add(audit(key, "create_user", made.id))
        await repository.commit()


async def create_user(request: Request, key: WriteKey, user: UserIn) -> dict[str, object]:
    """Say that it is done, and remember to do it."""
    _kept.append((key, user))
    if len(_kept) == 1:
        flusher = asyncio.create_task(_flush(request.app.state.sessions))
        _flushers.add(flusher)
        flusher.add_done_callback(_flushers.discard)
    return {**user.model_dump(), "id": 0, "credits": 0, "created_at": datetime.now(UTC), "posts": []}


app = shadow(create_app(), "/users", create_user, UserWithPosts)
