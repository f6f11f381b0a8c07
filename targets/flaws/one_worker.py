"""Requests put their work into a queue, and one worker does it: they are served one at a time.

What goes wrong: every request waits for the work of all that came before it, while the event loop has nothing to do.
How it comes about: a queue that was to keep the order of a few jobs becomes the way of every request.
Caught by: ``waits``, as a queue, with the line that waits and the worker's.
"""

import asyncio

from fastapi import Request

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut

CALL_S = 0.02
Job = tuple[Request, int, "asyncio.Future[User]"]
jobs: asyncio.Queue[Job] = asyncio.Queue()
workers: set[asyncio.Task[None]] = set()


async def work() -> None:
    """Do one job after the other, for as long as the application lives."""
    while True:
        request, user_id, done = await jobs.get()
        try:
            async with request.app.state.sessions() as session:
                user = await read_user(Repository(session), user_id)
            await asyncio.sleep(CALL_S)
            done.set_result(user)
        except Exception as error:  # noqa: BLE001 - whoever asked is to see it
            done.set_exception(error)


async def get_user(request: Request, user_id: Id) -> User:
    """Have one user read, and ask another service about it."""
    if not workers:
        workers.add(asyncio.create_task(work()))
    done: asyncio.Future[User] = asyncio.get_running_loop().create_future()
    jobs.put_nowait((request, user_id, done))
    return await done


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
