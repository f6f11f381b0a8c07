"""Work for the processor, in a coroutine: while it is done, nothing else is served.

What goes wrong: a report, a thumbnail, a password hash: all other requests wait for it.
How it comes about: the function is fast with the data of a test.
Caught by: ``loop``, which names the line.
"""

import time

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut

WORK_S = 0.015


def compute() -> int:
    """Keep a processor busy, on any machine for the same time."""
    until_s = time.process_time() + WORK_S
    rounds = 0
    while time.process_time() < until_s:
        rounds += 1
    return rounds


async def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Read one user, and compute something for the answer."""
    user = await read_user(Repository(session), user_id)
    compute()
    return user


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
