"""A session is invalidated at the end of each request instead of closed: its connection is closed with it.

What goes wrong: the next request opens a connection anew, although there is a pool.
How it comes about: after a connection was once found broken somebody made sure that none is used twice.
Caught by: ``pool``, as a connection for each request, with the line that throws it away.
"""

from fastapi import Request

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut


async def get_user(request: Request, user_id: Id) -> User:
    """Read one user by a session of its own."""
    session = request.app.state.sessions()
    try:
        return await read_user(Repository(session), user_id)
    finally:
        await session.invalidate()


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
