"""Pages by keyset: what comes after an id, instead of what comes after so many rows."""

from collections.abc import Sequence

from sqlalchemy import select

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import Post, User
from targets.shared.schemas import Limit, Offset, PostOut, UserOut


async def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """Read the users after an id."""
    return (await session.scalars(select(User).where(User.id > offset).order_by(User.id).limit(limit))).all()


async def list_posts(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[Post]:
    """Read the posts after an id."""
    return (await session.scalars(select(Post).where(Post.id > offset).order_by(Post.id).limit(limit))).all()


app = shadow(create_app(), "/users", list_users, list[UserOut], method="get")
app = shadow(app, "/posts", list_posts, list[PostOut], method="get")
