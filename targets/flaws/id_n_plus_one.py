"""Users are read by ids that are known beforehand, one after the other: no statement brings rows that begin others.

What goes wrong: a page of twenty takes twenty round trips.
How it comes about: the ids come from a cache, a search engine or the client, and ``get`` reads a row by its id.
Caught by: ``n_plus_one``, which holds statements that bring one row each against the answer, and names the line.
"""

from collections.abc import Sequence

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Limit, Offset, UserOut


async def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """Read the users whose ids follow one another."""
    users = []
    for user_id in range(offset + 1, offset + limit + 1):
        user = await session.get(User, user_id)
        if user is not None:
            users.append(user)
    return users


app = shadow(create_app(), "/users", list_users, list[UserOut], method="get")
