"""The posts of a page are read by ``IN``, for eight users at a time: a statement for eight rows is no N+1."""

from collections import defaultdict

from sqlalchemy import select

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import Post, User
from targets.shared.schemas import Limit, Offset, PostOut, UserOut, UserWithPosts

AT_ONCE = 8


async def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> list[UserWithPosts]:
    """Read a page of users, and their posts in batches."""
    users = (await session.scalars(select(User).order_by(User.id).limit(limit).offset(offset))).all()
    posts: dict[int, list[PostOut]] = defaultdict(list)
    for first in range(0, len(users), AT_ONCE):
        ids = [user.id for user in users[first : first + AT_ONCE]]
        for post in await session.scalars(select(Post).where(Post.user_id.in_(ids)).order_by(Post.id)):
            posts[post.user_id].append(PostOut.model_validate(post))
    return [UserWithPosts(**UserOut.model_validate(user).model_dump(), posts=posts[user.id]) for user in users]


app = shadow(create_app(), "/users", list_users, list[UserWithPosts], method="get")
