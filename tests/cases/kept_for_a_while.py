"""A number that is the same for everybody is kept for a while, and a lock has only one request read it again."""

import asyncio
import time

from sqlalchemy import func, select

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut

LIVES_S = 2.0


class Kept:
    """The number of users, as it was at most ``LIVES_S`` ago."""

    def __init__(self) -> None:
        self._reading = asyncio.Lock()
        self._count, self._until_s = 0, 0.0

    async def count(self, session: DatabaseSession) -> int:
        """Return it, and read it first where it is too old."""
        if time.monotonic() >= self._until_s:
            async with self._reading:
                if time.monotonic() >= self._until_s:  # nobody else has while we waited
                    self._count = await session.scalar(select(func.count()).select_from(User)) or 0
                    self._until_s = time.monotonic() + LIVES_S
        return self._count


class UserOfMany(UserOut):
    """A user, and how many there are."""

    of: int


users = Kept()


async def get_user(session: DatabaseSession, user_id: Id) -> UserOfMany:
    """Read one user."""
    user = await read_user(Repository(session), user_id)
    return UserOfMany(**UserOut.model_validate(user).model_dump(), of=await users.count(session))


app = shadow(create_app(), "/users/{user_id}", get_user, UserOfMany, method="get")
