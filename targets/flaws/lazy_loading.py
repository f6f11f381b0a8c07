"""Each user's posts are read when they are asked for: one statement for the page, and one more for each user on it.

What goes wrong: a page of twenty takes twenty-one round trips.
How it comes about: a relationship's default is to load when it is looked at, and the page of a test has one user.
Caught by: ``n_plus_one``, which names the line and the option that fixes it.
"""

from collections.abc import Sequence

from sqlalchemy import select

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Limit, Offset, UserWithPosts


async def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """Read a page of users, and then the posts of one after the other."""
    users = (await session.scalars(select(User).order_by(User.id).limit(limit).offset(offset))).all()
    for user in users:
        await user.awaitable_attrs.posts
    return users


app = shadow(create_app(), "/users", list_users, list[UserWithPosts], method="get")
