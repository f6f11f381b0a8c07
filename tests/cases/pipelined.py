"""Who was on a page is noted in psycopg's pipeline: a statement for each, all of which are sent in one go."""

from collections.abc import Sequence

from sqlalchemy import select

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Limit, Offset, UserOut
from tests.cases.noted import noted

NOTING = "INSERT INTO audit_log (action, user_id, write_key) VALUES (%(action)s, %(user_id)s, %(write_key)s)"


async def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """Read a page of users, and note it."""
    users = (await session.scalars(select(User).order_by(User.id).limit(limit).offset(offset))).all()
    connection = (await (await session.connection()).get_raw_connection()).driver_connection
    async with connection.pipeline():
        for row in noted(users):
            await connection.execute(NOTING, row)
    await session.commit()
    return users


app = shadow(create_app(), "/users", list_users, list[UserOut], method="get")
