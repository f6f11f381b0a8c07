"""Posts are loaded eagerly, as they should be; and yet one statement is sent for each user of a page.

What goes wrong: a page of twenty takes twenty-two round trips, between them a hundred posts that came in one.
How it comes about: somebody mended the relationship that was slow, and somebody else added a count in a loop.
Caught by: ``n_plus_one``, which holds a statement against the users alone, and names the line.
"""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import AuditLog, User
from targets.shared.schemas import Limit, Offset, UserWithPosts


async def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """Read a page of users with their posts, and count what was written to one after the other."""
    page = select(User).options(selectinload(User.posts)).order_by(User.id).limit(limit).offset(offset)
    users = (await session.scalars(page)).all()
    for user in users:
        await session.scalar(select(func.count()).select_from(AuditLog).where(AuditLog.user_id == user.id))
    return users


app = shadow(create_app(), "/users", list_users, list[UserWithPosts], method="get")
