"""A session is held while another service is asked, as in ``held_across_call``, in a synchronous application.

What goes wrong: as many requests as there are connections are served at a time, however little the database has to do.
How it comes about: the session is a dependency of the route, and the route calls another service.
Caught by: ``pool``, as transactions that idle, with the line that waits.
"""

import time

from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut
from targets.sync_api.main import create_app
from targets.sync_api.repositories import Repository
from targets.sync_api.services import read_user
from targets.sync_api.session import DatabaseSession

CALL_S = 0.3


def ask_somebody() -> None:
    """Wait for an answer of another service."""
    time.sleep(CALL_S)


def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Read one user, and ask another service about it."""
    user = read_user(Repository(session), user_id)
    ask_somebody()
    return user


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
