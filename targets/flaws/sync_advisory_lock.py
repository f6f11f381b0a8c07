"""Every request takes the same advisory lock of PostgreSQL's: in the database they go through one at a time.

What goes wrong: every request waits for the transactions of all others, and holds a thread and a connection meanwhile.
How it comes about: a lock by name, to keep two instances of a job apart, is taken by requests that share nothing.
Caught by: ``waits``, as an advisory lock, with the line that sends the statement that waits.
"""

import time

from sqlalchemy import func, select

from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut
from targets.sync_api.main import create_app
from targets.sync_api.repositories import Repository
from targets.sync_api.services import read_user
from targets.sync_api.session import DatabaseSession

CALL_S = 0.005
USERS = 7  # the lock's number


def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Read one user, as nobody else reads one, and tell another service."""
    session.execute(select(func.pg_advisory_xact_lock(USERS)))
    user = read_user(Repository(session), user_id)
    time.sleep(CALL_S)
    return user


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
