"""An error of the database is logged and swallowed, and then comes the commit.

What goes wrong: PostgreSQL has aborted the transaction and answers the COMMIT with ROLLBACK, of which neither driver
makes an error. The client is told 201, and nothing is stored.
How it comes about: "the audit log must never break a request".
Caught by: ``writes``, under faults that make a statement fail, as writes that are lost.
"""

from contextlib import suppress

from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import AuditLog, User
from targets.shared.schemas import UserIn, UserWithPosts, WriteKey
from targets.shared.statements import new_user


async def create_user(session: DatabaseSession, key: WriteKey, user: UserIn) -> User:
    """Write a user and, if nothing goes wrong with it, the audit row."""
    connection = await session.connection()
    made = new_user(key, user)
    session.add(made)
    await session.flush()
    with suppress(DBAPIError):
        # past the unit of work, which would know that it failed
        row = {"action": "create_user", "user_id": made.id, "write_key": key}
        await connection.execute(insert(AuditLog).values(row))
    await session.commit()
    return made


app = shadow(create_app(), "/users", create_user, UserWithPosts)
