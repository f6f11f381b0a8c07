"""A session is opened by hand and closed on the last line, which a request that fails never reaches.

What goes wrong: each such request keeps its connection, in an open transaction, until a garbage collection finds the
session; the connection is then thrown away instead of being used again.
How it comes about: the dependency is in the way of a helper that needs a session of its own, and no test fails.
Caught by: ``session_closed``, the claim, which counts connections; under load no request fails as this one must.
"""

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from targets.async_api import services
from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import UserIn, UserWithPosts, WriteKey


async def create_user(request: Request, key: WriteKey, user: UserIn) -> User | UserWithPosts:
    """Write a user by a session of our own."""
    session: AsyncSession = request.app.state.sessions()
    made = await services.create_user(Repository(session), key, user)
    await session.close()
    return made


app = shadow(create_app(), "/users", create_user, UserWithPosts)
