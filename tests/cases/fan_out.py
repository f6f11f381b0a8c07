"""A page asks several different questions, as many for a long page as for a short one; two of them are alike."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from targets.flaws.shadow import shadow
from targets.shared.models import AuditLog, Post, Replay, User
from targets.shared.schemas import Limit, Offset, UserWithPosts
from targets.sync_api.main import create_app
from targets.sync_api.session import DatabaseSession


def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """Read who asks and whom for, how much there is of everything, and a page of users with their posts."""
    for user_id in (1, 2):
        session.get(User, user_id)
    for table in (User, Post, AuditLog, Replay):
        session.scalar(select(func.count()).select_from(table))
    page = select(User).options(selectinload(User.posts)).order_by(User.id).limit(limit).offset(offset)
    return session.scalars(page).all()


app = shadow(create_app(), "/users", list_users, list[UserWithPosts], method="get")
