"""Sessions as FastAPI's own pages have them: a dependency that is left after the answer went out, and nothing else."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from targets.async_api.main import create_app
from targets.flaws.shadow import shadow
from targets.shared.errors import existing
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut


async def get_db(request: Request) -> AsyncIterator[AsyncSession]:
    """Yield a session."""
    async with request.app.state.sessions() as session:
        yield session


async def get_user(db: Annotated[AsyncSession, Depends(get_db)], user_id: Id) -> User:
    """Read one user."""
    return existing(await db.scalar(select(User).where(User.id == user_id)), "user", user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
