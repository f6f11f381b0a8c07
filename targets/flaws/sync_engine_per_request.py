"""What makes the one engine at the start is called for each request, too, and the engine is left to itself.

What goes wrong: what ``engine_per_request`` does, in a synchronous application.
How it comes about: a repository that makes its own engine, as it was first written for a script.
Caught by: ``pool``, as an engine for each request, with the line that calls for it.
"""

from sqlalchemy.orm import Session

from targets.flaws.shadow import shadow
from targets.shared.config import Settings
from targets.shared.errors import existing
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut
from targets.sync_api.engine import make_engine
from targets.sync_api.main import create_app


class Users:
    """Users, by an engine of their own."""

    def __init__(self) -> None:
        self._engine = make_engine(Settings())

    def one(self, user_id: int) -> User:
        """Read one of them."""
        with Session(self._engine) as session:
            return existing(session.get(User, user_id), "user", user_id)


def get_user(user_id: Id) -> User:
    """Read one user."""
    return Users().one(user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
