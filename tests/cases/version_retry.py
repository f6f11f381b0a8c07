"""An optimistic lock: a row is changed only in the version that was read, and else read again.

The version is PostgreSQL's own, the transaction that wrote the row.
"""

from sqlalchemy import Text, cast, literal_column, select, update

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.errors import Conflict, existing
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut

TRIES = 5
VERSION = cast(literal_column("xmin"), Text)


async def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Read one user, whose row is written again as it was."""
    for _ in range(TRIES):
        found = (await session.execute(select(User, VERSION).where(User.id == user_id))).one_or_none()
        user, version = existing(found, "user", user_id)
        same = update(User).where(User.id == user_id, version == VERSION).values(name=user.name)
        if (await session.execute(same.execution_options(synchronize_session=False))).rowcount:
            await session.commit()
            return user
        await session.rollback()
    raise Conflict(f"User {user_id} is changed by others all the time")


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
