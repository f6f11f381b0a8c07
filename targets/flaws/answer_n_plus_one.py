"""The answer is made of objects that load their posts when they are asked for them, one statement for each user.

What goes wrong: a page of twenty takes twenty-one round trips, and no line of the application asks for twenty of them.
How it comes about: a session that is open until the answer is sent lets FastAPI load whatever the schema names.
Caught by: ``n_plus_one``, which names the function of the route, and the option that fixes it.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Limit, Offset, UserWithPosts
from targets.sync_api.main import create_app


def get_session(request: Request) -> Iterator[Session]:
    """Yield a session, which is closed when the answer has been sent."""
    with request.app.state.sessions() as session:
        yield session


def list_users(
    session: Annotated[Session, Depends(get_session)], limit: Limit = 20, offset: Offset = 0
) -> Sequence[User]:
    """Read a page of users."""
    return session.scalars(select(User).order_by(User.id).limit(limit).offset(offset)).all()


app = shadow(create_app(), "/users", list_users, list[UserWithPosts], method="get")
