"""The same as ``manual_session``, in a synchronous application.

What goes wrong: each request that fails keeps its connection for as long as anything holds on to its session.
How it comes about: the same.
Caught by: ``session_closed``, the claim, which counts connections.
"""

from fastapi import Request
from sqlalchemy.orm import Session

from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import UserIn, UserWithPosts, WriteKey
from targets.sync_api import services
from targets.sync_api.main import create_app
from targets.sync_api.repositories import Repository


def create_user(request: Request, key: WriteKey, user: UserIn) -> User | UserWithPosts:
    """Write a user by a session of our own."""
    session: Session = request.app.state.sessions()
    made = services.create_user(Repository(session), key, user)
    session.close()
    return made


app = shadow(create_app(), "/users", create_user, UserWithPosts)
