"""A page is read by a cursor in the database, a few rows at a time, to its end."""

from sqlalchemy import select

from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Limit, Offset, UserOut
from targets.sync_api.main import create_app
from targets.sync_api.session import DatabaseSession

ROWS_A_FETCH = 5


def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> list[User]:
    """Read a page of users."""
    page = select(User).order_by(User.id).limit(limit).offset(offset)
    return list(session.scalars(page.execution_options(yield_per=ROWS_A_FETCH)))


app = shadow(create_app(), "/users", list_users, list[UserOut], method="get")
