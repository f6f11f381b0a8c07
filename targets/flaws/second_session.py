"""What a request reads is noted by a session of its own, while the request's session keeps its connection.

What goes wrong: with as many requests at once as there are connections each has one and waits for another, and nobody
goes on until a time limit ends the wait.
How it comes about: a note must outlive a rollback, so it gets a transaction, and with that a connection, of its own.
Caught by: ``pool``, as requests that have a connection and wait for another, with both lines.
"""

from fastapi import Request

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.errors import existing
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut
from targets.shared.statements import audit

KEY = "0" * 32


async def note(request: Request, user_id: int) -> None:
    """Note that a user was read."""
    async with request.app.state.sessions() as own:
        own.add(audit(KEY, "read_user", user_id))
        await own.commit()


async def get_user(request: Request, session: DatabaseSession, user_id: Id) -> User:
    """Read one user, and note it."""
    user = existing(await session.get(User, user_id), "user", user_id)
    await note(request, user_id)
    return user


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
