"""A statement that the database takes long over, as in ``slow_statement``, in a synchronous application.

What goes wrong: few requests are served however many connections there are; a larger pool makes the database no faster.
How it comes about: a scan, a sort or a lock in a statement that was quick on a developer's few rows. Here it sleeps, so
that it takes as long on every machine.
Caught by: ``pool``, as a slow database, with the line that asks.
"""

from sqlalchemy import func, select

from targets.flaws.shadow import shadow
from targets.shared.errors import existing
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut
from targets.sync_api.main import create_app
from targets.sync_api.session import DatabaseSession

SLOW_S = 0.2


def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Read one user, by a statement that takes long."""
    statement = select(User).where(User.id == user_id, func.pg_sleep(SLOW_S).is_not(None))
    user = session.scalar(statement)
    return existing(user, "user", user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
