"""What was parsed is kept as lists in a cache that is replaced all the time: half a million objects, never the same.

What goes wrong: all that is new lives long, so full collections follow one another, and each looks through the whole
cache while every request waits.
How it comes about: a cache of parsed rows in memory saves a round trip, and its size is told in megabytes.
Caught by: ``garbage``, in a comparison.
"""

from collections import deque

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut

ROWS = 4000  # lists, each of which the collector looks at; a dict of numbers and strings it would leave alone
ANSWERS = 125
_cache: deque[list[list[int]]] = deque(maxlen=ANSWERS)


def parse(user_id: int) -> list[list[int]]:
    """Return the rows of what another service may have answered."""
    return [[user_id, row] for row in range(ROWS)]


async def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Read one user, and keep what else is known of it."""
    user = await read_user(Repository(session), user_id)
    _cache.append(parse(user_id))
    return user


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
