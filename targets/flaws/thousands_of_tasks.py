"""A task for each of thousands of small things: none takes long, and the event loop is busy with nothing else.

What goes wrong: between the tasks of one request those of no other get their turn, and each of them has its price.
How it comes about: ``asyncio.gather`` over a list, because "await" was wanted for every item of it.
Caught by: ``loop``, which names the line that makes them.
"""

import asyncio

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut

ITEMS = 3000


async def rate(user_id: int, item: int) -> int:
    """Rate one item for a user, after letting others have their turn."""
    await asyncio.sleep(0)
    return (user_id * item) % 97


async def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Read one user, and rate all items on the way."""
    user = await read_user(Repository(session), user_id)
    await asyncio.gather(*(rate(user_id, item) for item in range(ITEMS)))
    return user


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
