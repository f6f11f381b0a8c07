"""Every request waits in the event loop for a service that takes seconds to answer.

What goes wrong: one request is served at a time; of those that come at once the last waits for all the others.
How it comes about: a client library without ``await``, and a service that was fast when it was tried.
Caught by: ``loop``, which names the line even where no request ends while it watches.
"""

import time

from targets.async_api.main import create_app
from targets.flaws.shadow import shadow
from targets.shared.schemas import Id, Pong

CALL_S = 2.5


async def get_user(user_id: Id) -> Pong:
    """Ask the other service about a user."""
    ask_somebody(user_id)
    return Pong()


def ask_somebody(user_id: int) -> int:
    """Wait for an answer of another service."""
    time.sleep(CALL_S)
    return user_id


app = shadow(create_app(), "/users/{user_id}", get_user, Pong, method="get")
