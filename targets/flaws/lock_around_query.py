"""A lock of asyncio's is held across a query: one request is served at a time, and the event loop has nothing to do.

What goes wrong: every request waits for all that came before it, however many connections and cores there are.
How it comes about: a lock that was to guard a cache or a client is taken around everything that uses it.
Caught by: ``waits``, as a lock, with the line that waits and the one that holds it.
"""

import asyncio

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut

CALL_S = 0.03
cache_is_used = asyncio.Lock()
cached: dict[int, User] = {}


async def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Read one user into a cache, and ask another service whether it is still valid."""
    async with cache_is_used:
        cached[user_id] = await read_user(Repository(session), user_id)
        await asyncio.sleep(CALL_S)
        return cached.pop(user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
