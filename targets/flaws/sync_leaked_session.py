"""A session is kept with what was read through it, as in ``leaked_session``, in a synchronous application.

What goes wrong: with each user that is read for the first time the pool has a connection less, until it has none.
How it comes about: a cache of objects that know their session, and an early return that skips the closing.
Caught by: ``pool``, as a leak, with the line that checked the connections out.
"""

from fastapi import Request
from sqlalchemy.orm import Session

from targets.flaws.shadow import shadow
from targets.shared.errors import existing
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut
from targets.sync_api.main import create_app

LEAKS_AT_MOST = 4  # fewer than there are connections, so that the leak shows before the target stands still

_cache: dict[int, tuple[User, Session]] = {}


def get_user(request: Request, user_id: Id) -> User:
    """Read one user, from the cache if it is there."""
    if user_id in _cache:
        return _cache[user_id][0]
    session: Session = request.app.state.sessions()
    user = session.get(User, user_id)
    if user is not None and len(_cache) < LEAKS_AT_MOST:
        _cache[user_id] = (user, session)
        return user
    session.close()
    return existing(user, "user", user_id)


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
