"""A queue in a table: each request takes the next row that nobody else has taken, and waits for none."""

from sqlalchemy import select

from targets.flaws.shadow import shadow
from targets.shared.errors import existing
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut
from targets.sync_api.main import create_app
from targets.sync_api.session import DatabaseSession


def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Take the first free user that is not before an id, or else the first of all, and note it in the row."""
    for first in (user_id, 1):
        free = select(User).where(User.id >= first).order_by(User.id).limit(1).with_for_update(skip_locked=True)
        if user := session.scalar(free):
            break
    taken = existing(user, "user", user_id)
    taken.name = "taken" if taken.name == "free" else "free"
    session.commit()
    return taken


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
