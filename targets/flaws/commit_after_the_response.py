"""The dependency commits when it is left, and by default that is after the response was sent.

What goes wrong: the client was told 201, and then the commit fails.
How it comes about: "the session dependency commits on success", the pattern of many tutorials, and FastAPI's
default scope of a dependency, which since 0.118 ends after the response (it did before 0.106, too).
Caught by: ``cut_map``, which finds acknowledged writes that are lost.
"""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import UserIn, UserWithPosts, WriteKey
from targets.shared.statements import audit, new_user


async def session_that_commits(request: Request) -> AsyncIterator[AsyncSession]:
    """Yield a session and commit afterwards, whenever that is."""
    async with request.app.state.sessions() as session:
        yield session
        await session.commit()


async def create_user(
    session: Annotated[AsyncSession, Depends(session_that_commits)], key: WriteKey, user: UserIn
) -> User:
    """Write a user and the audit row; somebody else commits."""
    repository = Repository(session)
    made = new_user(key, user)
    await repository.add(made)
    await repository.add(audit(key, "create_user", made.id))
    return made


app = shadow(create_app(), "/users", create_user, UserWithPosts)
