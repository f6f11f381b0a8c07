"""A call that blocks for a moment is made in a thread, after the session was given back."""

import time

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from targets.async_api.main import create_app
from targets.flaws.shadow import shadow
from targets.shared.errors import existing
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut

CALL_S = 0.003


def ask_somebody(_user: User) -> None:
    """Wait for somebody who has a blocking client only."""
    time.sleep(CALL_S)


async def get_user(request: Request, user_id: Id) -> User:
    """Read one user, and ask somebody else about it."""
    async with request.app.state.sessions() as session:
        user = existing(await session.get(User, user_id), "user", user_id)
    await run_in_threadpool(ask_somebody, user)
    return user


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
