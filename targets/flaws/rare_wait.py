"""One request in fifty waits in the event loop for somebody who is slow to answer.

What goes wrong: all who are under way wait with it, so far more requests are slow than the one in fifty.
How it comes about: a cache whose entries expire now and then, filled by a client library without ``await``.
Caught by: ``loop``, which names the line; that connections are held meanwhile only follows from it.
"""

import time

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut

EXPIRES_AFTER = 50
CALL_S = 0.3
_left = [EXPIRES_AFTER]


def refresh() -> None:
    """Fill the cache, if it is time to."""
    _left[0] -= 1
    if not _left[0]:
        _left[0] = EXPIRES_AFTER
        time.sleep(CALL_S)


async def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Read one user, with the cache at hand."""
    refresh()
    return await read_user(Repository(session), user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
