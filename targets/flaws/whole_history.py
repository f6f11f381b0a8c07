"""A user's whole history is the answer: thousands of entries are validated and written as JSON in the event loop.

What goes wrong: all other requests wait for each answer, and no line of the application is to be seen meanwhile.
How it comes about: a list without a limit, which was short when the route was written.
Caught by: ``loop``, which names the route, and how large its answers are.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from targets.async_api.main import create_app
from targets.flaws.shadow import shadow
from targets.shared.schemas import Id

ENTRIES = 6000
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Actor(BaseModel):
    """Who did it, and from where."""

    user_id: int
    address: str


class Entry(BaseModel):
    """One thing that was done."""

    at: datetime
    action: str
    actor: Actor
    details: dict[str, str]


HISTORY = [
    {
        "at": BEGAN + timedelta(minutes=number),
        "action": f"changed {number}",
        "actor": {"user_id": number % 9, "address": f"10.0.0.{number % 250}"},
        "details": {"field": "name", "old": str(number), "new": str(number + 1)},
    }
    for number in range(ENTRIES)
]


async def get_user(user_id: Id) -> Sequence[dict[str, object]]:
    """Read all that a user ever did; it is at hand."""
    return HISTORY[user_id % 2 :]


app = shadow(create_app(), "/users/{user_id}", get_user, list[Entry], method="get")
