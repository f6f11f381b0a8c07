"""Two dependencies of one route have a session each, in a synchronous application.

What goes wrong: what ``second_session`` does.
How it comes about: whoever asks is looked up by a dependency that was written before the routes had sessions.
Caught by: ``pool``, as requests that have a connection and wait for another, with both lines.
"""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from targets.flaws.shadow import shadow
from targets.shared.errors import existing
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut
from targets.sync_api.main import create_app

ASKS = 1  # the user who asks


def who_asks(request: Request) -> Iterator[User | None]:
    """Yield who asks, with all that may be loaded of a user later on."""
    with request.app.state.sessions() as session:
        yield session.get(User, ASKS)


def own_session(request: Request) -> Iterator[Session]:
    """Yield a session for the route."""
    with request.app.state.sessions() as session:
        yield session


def get_user(
    _user: Annotated[User, Depends(who_asks)], session: Annotated[Session, Depends(own_session)], user_id: Id
) -> User:
    """Read one user for another."""
    return existing(session.get(User, user_id), "user", user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
