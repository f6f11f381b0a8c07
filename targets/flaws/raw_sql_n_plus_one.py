"""Each user's posts are counted by a statement of its own, with the user's id written into its text.

What goes wrong: a page of twenty takes twenty-one round trips, and to the database no two statements are alike.
How it comes about: hand-written SQL in a loop, put together by an f-string.
Caught by: ``n_plus_one``, which compares statements without their literals, and names the line.
"""

from collections.abc import Sequence

from sqlalchemy import select, text

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Limit, Offset, Stored


class UserWithPostCount(Stored):
    """A user, and how many posts there are."""

    id: int
    name: str
    posts: int


async def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[UserWithPostCount]:
    """Read a page of users, and count the posts of one after the other."""
    users = (await session.scalars(select(User).order_by(User.id).limit(limit).offset(offset))).all()
    counted = []
    for user in users:
        counting = f"SELECT count(*) FROM posts WHERE user_id = {user.id}"  # noqa: S608 - part of the flaw
        posts = await session.scalar(text(counting))
        counted.append(UserWithPostCount(id=user.id, name=user.name, posts=posts or 0))
    return counted


app = shadow(create_app(), "/users", list_users, list[UserWithPostCount], method="get")
