"""One session for the life of the process, and no rollback when something fails.

What goes wrong: after the first failure every statement meets a transaction that is void, and nothing is served again.
How it comes about: a module-level session, "because making one for each request is slow".
Caught by: ``recovery``, as nothing is written after the fault has healed.
"""

import asyncio

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from targets.async_api import services
from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import UserIn, UserWithPosts, WriteKey

_kept: dict[str, AsyncSession] = {}
_admitted = asyncio.Lock()


async def create_user(request: Request, key: WriteKey, user: UserIn) -> User | UserWithPosts:
    """Write a user and the audit row on the one session that there is."""
    if "session" not in _kept:
        _kept["session"] = request.app.state.sessions()
    async with _admitted:
        return await services.create_user(Repository(_kept["session"]), key, user)


app = shadow(create_app(), "/users", create_user, UserWithPosts)
