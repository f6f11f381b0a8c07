"""Each user's posts are counted on the driver's own connection: one statement for each user of a page.

What goes wrong: a page of twenty takes twenty-one round trips, and nothing that listens to SQLAlchemy hears of them.
How it comes about: somebody found the driver faster than the ORM, and it is, by the statement.
Caught by: ``n_plus_one``, which counts what drivers are asked as well, and names the line.
"""

from collections.abc import Sequence

from sqlalchemy import select

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Limit, Offset, Stored

COUNTING = "SELECT count(*) FROM posts WHERE user_id = $1"


class UserWithPostCount(Stored):
    """A user, and how many posts there are."""

    id: int
    name: str
    posts: int


async def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[UserWithPostCount]:
    """Read a page of users, and count the posts of one after the other."""
    users = (await session.scalars(select(User).order_by(User.id).limit(limit).offset(offset))).all()
    connection = (await (await session.connection()).get_raw_connection()).driver_connection
    assert connection is not None  # noqa: S101 - it is checked out
    counted = []
    for user in users:
        posts = await connection.fetchval(COUNTING, user.id)
        counted.append(UserWithPostCount(id=user.id, name=user.name, posts=posts))
    return counted


app = shadow(create_app(), "/users", list_users, list[UserWithPostCount], method="get")
