"""Every user is loaded with every post, and a page of them is cut out of the list.

What goes wrong: a page of one costs as much as the whole table, and more the longer the application is in use.
How it comes about: the list was short once, and slicing it works.
Caught by: ``n_plus_one``, which holds the rows that are fetched against the values that are shown, and names the line.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Limit, Offset, UserWithPosts


async def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """Read all users, and return a page of them."""
    everybody = select(User).options(selectinload(User.posts)).order_by(User.id)
    users = (await session.scalars(everybody)).all()
    return users[offset : offset + limit]


app = shadow(create_app(), "/users", list_users, list[UserWithPosts], method="get")
