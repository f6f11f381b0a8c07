"""A synchronous driver in a coroutine: the event loop stands still for as long as the database takes.

What goes wrong: one query at a time, for the whole process; every request pays the latency of every other.
How it comes about: ``async def`` put before a function whose session is the old one.
Caught by: ``loop``, which names the line.
"""

from functools import lru_cache

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from targets.async_api.main import create_app
from targets.flaws.shadow import shadow
from targets.shared.config import Settings
from targets.shared.errors import existing
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut
from targets.sync_api.engine import make_engine


@lru_cache
def _engine() -> Engine:
    return make_engine(Settings(driver="psycopg2"))


async def get_user(user_id: Id) -> User:
    """Read one user on the spot."""
    with Session(_engine(), expire_on_commit=False) as session:
        user = session.get(User, user_id)
    return existing(user, "user", user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
