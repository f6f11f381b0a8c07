"""A TLS context is made for every request, and with it all certificates of the system are read.

What goes wrong: reading them takes longer than the request, and the event loop stands still for as long.
How it comes about: a client of another service is made where it is used, instead of once for the application.
Caught by: ``loop``, which names the line; that connections are held meanwhile only follows from it.
"""

import ssl

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut


def new_client() -> ssl.SSLContext:
    """Return what a client of another service begins with."""
    return ssl.create_default_context()


async def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Read one user, with a client at hand to ask somebody about it."""
    user = await read_user(Repository(session), user_id)
    new_client()
    return user


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
