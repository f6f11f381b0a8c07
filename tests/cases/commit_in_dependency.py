"""The dependency commits, before the answer goes out."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import UserIn, UserWithPosts, WriteKey
from targets.shared.statements import audit, new_user
from targets.sync_api.main import create_app


def get_db(request: Request) -> Iterator[Session]:
    """Yield a session, and commit what was done by it unless something is raised."""
    with request.app.state.sessions() as session:
        yield session
        session.commit()


def create_user(db: Annotated[Session, Depends(get_db, scope="function")], key: WriteKey, user: UserIn) -> User:
    """Write a user, its posts and an audit row."""
    made = new_user(key, user)
    db.add(made)
    db.flush()
    db.add(audit(key, "create_user", made.id))
    return made


app = shadow(create_app(), "/users", create_user, UserWithPosts)
