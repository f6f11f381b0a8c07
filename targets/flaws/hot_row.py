"""All requests update one row, and hold it until they commit: in the database they go through one at a time.

What goes wrong: every request waits for the transactions of all others, and holds a connection meanwhile.
How it comes about: a counter, a balance or a sequence of the application's own in one row.
Caught by: ``waits``, as a row, with the line that sends the statement that waits.
"""

import asyncio

from sqlalchemy import text

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut

CALL_S = 0.005
COUNTED = 1  # the user whose row counts for all


async def count_read(session: DatabaseSession) -> None:
    """Note that a user was read, in a row that is there for it."""
    await session.execute(text("UPDATE users SET name = name WHERE id = :id"), {"id": COUNTED})


async def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Count that a user is read, read it, and tell another service before the commit."""
    await count_read(session)
    user = await read_user(Repository(session), user_id)
    await asyncio.sleep(CALL_S)
    await session.commit()
    return user


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
