"""A blocking call in a coroutine: while it waits, nothing else is served.

What goes wrong: every request waits for every other one, however many cores and connections there are.
How it comes about: a client library without ``await``: requests, boto3, ``time.sleep`` in a retry.
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

CALL_S = 0.01


def ask_somebody() -> None:
    """Wait for an answer of another service, as a client library without ``await`` does."""
    time.sleep(CALL_S)


async def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Read one user, after asking another service for permission."""
    ask_somebody()
    return await read_user(Repository(session), user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
