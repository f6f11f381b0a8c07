"""A lock of Python's threads is held while another service is asked: one thread works, and the others wait for it.

What goes wrong: every request waits for all that came before it, however many threads there are.
How it comes about: a client that is not thread-safe is shared by all requests, and guarded by one lock.
Caught by: ``waits``, as a lock, with the line that waits and the one that holds it.
"""

import threading
import time

from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut
from targets.sync_api.main import create_app
from targets.sync_api.repositories import Repository
from targets.sync_api.services import read_user
from targets.sync_api.session import DatabaseSession

CALL_S = 0.03
client_is_used = threading.Lock()


def ask_somebody() -> None:
    """Ask another service, by a client that serves one thread at a time."""
    with client_is_used:
        time.sleep(CALL_S)


def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Ask another service for permission, and read one user."""
    ask_somebody()
    return read_user(Repository(session), user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
