"""Pages whose relations come along: users with posts in a second statement, posts with their user in the same."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from targets.flaws.shadow import shadow
from targets.shared.models import Post, User
from targets.shared.schemas import Limit, Offset, PostOut, UserOut, UserWithPosts
from targets.sync_api.main import create_app
from targets.sync_api.session import DatabaseSession


class PostOfUser(PostOut):
    """A post, and who wrote it."""

    user: UserOut


def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """Read a page of users with their posts."""
    page = select(User).options(selectinload(User.posts)).order_by(User.id).limit(limit).offset(offset)
    return session.scalars(page).all()


def list_posts(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[Post]:
    """Read a page of posts with their users."""
    page = select(Post).options(joinedload(Post.user)).order_by(Post.id).limit(limit).offset(offset)
    return session.scalars(page).all()


app = shadow(create_app(), "/users", list_users, list[UserWithPosts], method="get")
app = shadow(app, "/posts", list_posts, list[PostOfUser], method="get")
