"""A route connects to the database by itself, past the pool that is there.

What goes wrong: what ``no_pool`` does, and the pool, its size and its time limits are not asked.
How it comes about: a statement was faster written with the driver, or the route was there before the engine.
Caught by: ``pool``, as a connection for each request past any pool, with the line that opens it.
"""

from contextlib import closing

import psycopg2
from psycopg2.extensions import connection
from psycopg2.extras import RealDictCursor, RealDictRow

from targets.flaws.shadow import shadow
from targets.shared.config import Settings
from targets.shared.errors import existing
from targets.shared.schemas import Id, UserOut
from targets.sync_api.main import create_app


def connect() -> connection:
    """Open a connection."""
    return psycopg2.connect(Settings().database_url)


def get_user(user_id: Id) -> RealDictRow:
    """Read one user by a connection of its own."""
    with closing(connect()) as own, own.cursor(cursor_factory=RealDictCursor) as cursor:
        cursor.execute("SELECT * FROM users WHERE id = %s", (user_id,))
        return existing(cursor.fetchone(), "user", user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
