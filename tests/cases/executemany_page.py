"""Who was on a page is noted by one ``executemany``, which psycopg 3 sends in one go."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import AuditLog, User
from targets.shared.schemas import Limit, Offset, UserOut
from tests.cases.noted import noted


async def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """Read a page of users, and note it."""
    users = (await session.scalars(select(User).order_by(User.id).limit(limit).offset(offset))).all()
    await session.execute(insert(AuditLog), noted(users))
    await session.commit()
    return users


app = shadow(create_app(), "/users", list_users, list[UserOut], method="get")
