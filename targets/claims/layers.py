"""The async twin twice: with its point read through all layers, and with one that does all by itself.

Both routes stand in the same place, before all others, as to find a route takes time, too.
"""

from targets.async_api import routes
from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.errors import existing
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut


async def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Read one user, without a service and a repository."""
    return existing(await session.get(User, user_id), "user", user_id)


all_layers = shadow(create_app(), "/users/{user_id}", routes.get_user, UserOut, method="get")
one_layer = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
