"""One session is used by all requests at once.

What goes wrong: one request commits what another has half done, and rolls back what a third has acknowledged.
How it comes about: a session kept on the application instead of in a dependency; nothing in its type forbids it.
Caught by: ``writes``, as writes that are partial, without more than a slow database. What is closed while
another request uses it may be given to a third while it is still in use, so sums may be off and connections lost, too.
"""

from contextlib import suppress

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from targets.async_api import services
from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import UserIn, UserWithPosts, WriteKey

_kept: dict[str, AsyncSession] = {}


async def create_user(request: Request, key: WriteKey, user: UserIn) -> User | UserWithPosts:
    """Write a user and the audit row on the one session that there is."""
    if "session" not in _kept:
        _kept["session"] = request.app.state.sessions()
    session = _kept["session"]
    try:
        return await services.create_user(Repository(session), key, user)
    except Exception:
        # whoever finds it broken leaves it to the others as it is, and the next request begins a new one
        if _kept.get("session") is session:
            del _kept["session"]
        with suppress(Exception):
            await session.close()
        raise


app = shadow(create_app(), "/users", create_user, UserWithPosts)
