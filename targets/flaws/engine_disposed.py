"""The engine's connections are thrown away after each request, so that the next one opens one again.

What goes wrong: what ``no_pool`` does, by a pool that is never allowed to keep anything.
How it comes about: ``dispose`` is taken for the way to close a session, or was a cure for connections that went stale.
Caught by: ``pool``, as a connection for each request, with the line that disposes of the engine.
"""

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncEngine

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut


async def clean_up(engine: AsyncEngine) -> None:
    """Leave nothing open."""
    await engine.dispose()


async def get_user(request: Request, user_id: Id) -> User:
    """Read one user, and clean up."""
    async with request.app.state.sessions() as session:
        user = await read_user(Repository(session), user_id)
    await clean_up(request.app.state.sessions.kw["bind"])
    return user


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
