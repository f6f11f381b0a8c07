"""The write is left to a background task, and the client is told that it is done.

What goes wrong: the task runs after the response, and nobody knows when it fails.
How it comes about: ``BackgroundTasks``, to make a slow endpoint fast.
Caught by: ``cut_map``, which finds acknowledged writes that are lost.
"""

from datetime import UTC, datetime

from fastapi import BackgroundTasks, Request
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from targets.async_api import services
from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.flaws.shadow import shadow
from targets.shared.schemas import UserIn, UserWithPosts, WriteKey


async def _write(sessions: async_sessionmaker[AsyncSession], key: str, user: UserIn) -> None:
    async with sessions() as session:
        await services.create_user(Repository(session), key, user)


async def create_user(request: Request, tasks: BackgroundTasks, key: WriteKey, user: UserIn) -> dict[str, object]:
    """Say that it is done, and do it afterwards."""
    tasks.add_task(_write, request.app.state.sessions, key, user)
    return {**user.model_dump(), "id": 0, "credits": 0, "created_at": datetime.now(UTC), "posts": []}


app = shadow(create_app(), "/users", create_user, UserWithPosts)
