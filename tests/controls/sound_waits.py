"""Sound neighbours of flaws that ``waits`` catches: they have locks, queues and rows, too, and wait for little."""

import asyncio
import threading
from collections import defaultdict

from fastapi import Request
from sqlalchemy import text

from targets.async_api.main import create_app as async_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut
from targets.sync_api.main import create_app as sync_app
from targets.sync_api.repositories import Repository as SyncRepository
from targets.sync_api.services import read_user as sync_read_user
from targets.sync_api.session import DatabaseSession as SyncSession

CALL_S = 0.005
PATH = "/users/{user_id}"
lock, wide = asyncio.Lock(), asyncio.Semaphore(64)
thread_lock = threading.Lock()
counts: dict[int, int] = defaultdict(int)
cached: dict[int, UserOut] = {}
of_keys: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)


async def count_under_a_lock(session: DatabaseSession, user_id: Id) -> User:
    """A lock around a dict, with nothing to wait for within."""
    async with lock:
        counts[user_id] += 1
    return await read_user(Repository(session), user_id)


def count_under_a_thread_lock(session: SyncSession, user_id: Id) -> User:
    """The same in threads."""
    with thread_lock:
        counts[user_id] += 1
    return sync_read_user(SyncRepository(session), user_id)


async def ask_at_most_so_many(session: DatabaseSession, user_id: Id) -> User:
    """A semaphore that lets more on than there are."""
    async with wide:
        await asyncio.sleep(CALL_S)
        return await read_user(Repository(session), user_id)


async def lock_a_row_of_its_own(session: DatabaseSession, user_id: Id) -> User:
    """A row for each request, locked until the commit."""
    await session.execute(text("SELECT 1 FROM users WHERE id = :id FOR UPDATE"), {"id": user_id})
    await asyncio.sleep(CALL_S)
    user = await read_user(Repository(session), user_id)
    await session.commit()
    return user


async def read_once_by_key(request: Request, user_id: Id) -> UserOut:
    """A cache whose entries are each filled by one request, for which others wait."""
    async with of_keys[user_id]:
        if user_id not in cached:
            async with request.app.state.sessions() as session:
                cached[user_id] = UserOut.model_validate(await read_user(Repository(session), user_id))
    return cached[user_id]


async def gather_own(session: DatabaseSession, user_id: Id) -> User:
    """Several questions at once, by tasks of its own, one of which has to wait for another."""
    mine = asyncio.Semaphore(1)

    async def ask() -> None:
        async with mine:
            await asyncio.sleep(CALL_S)

    await asyncio.gather(ask(), ask())
    return await read_user(Repository(session), user_id)


short_lock = shadow(async_app(), PATH, count_under_a_lock, UserOut, method="get")
short_thread_lock = shadow(sync_app(), PATH, count_under_a_thread_lock, UserOut, method="get")
wide_semaphore = shadow(async_app(), PATH, ask_at_most_so_many, UserOut, method="get")
own_rows = shadow(async_app(), PATH, lock_a_row_of_its_own, UserOut, method="get")
keyed_cache = shadow(async_app(), PATH, read_once_by_key, UserOut, method="get")
gathering = shadow(async_app(), PATH, gather_own, UserOut, method="get")
