"""What a client can do: one small function an operation. Pure, so that any load generator can use it.

The paths and bodies are those of the users/posts API under ``/api/v1``. The seeded rows are those
of ``DATASET``: reads ask for them only, so that every read finds what it asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

PREFIX = "/api/v1"


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Rows that are there before any load: users 1 to ``users``, each with as many posts."""

    users: int
    posts_per_user: int


DATASET = Dataset(users=1000, posts_per_user=5)
PAGE_USERS = 20


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request. ``key`` goes into the ``Write-Key`` header, and is empty for a read."""

    method: str
    path: str
    key: str = ""
    body: Mapping[str, Any] | None = None


Operation = Callable[[Random, str], Request]


def ping(_random: Random, _key: str) -> Request:
    """No database: what the framework and the server cost by themselves."""
    return Request(method="GET", path=f"{PREFIX}/ping")


def get_user(random: Random, _key: str) -> Request:
    """Read one row by primary key."""
    return Request(method="GET", path=f"{PREFIX}/users/{random.randint(1, DATASET.users)}")


def list_users(random: Random, _key: str) -> Request:
    """Read a page of users, each with its posts."""
    offset = random.randint(0, DATASET.users - PAGE_USERS)
    return Request(method="GET", path=f"{PREFIX}/users?limit={PAGE_USERS}&offset={offset}&load=selectin")


def create_user(_random: Random, key: str) -> Request:
    """Write a user, two posts and an audit row in one transaction."""
    posts = [{"title": f"Post {number} of {key}", "body": "x" * 200} for number in (1, 2)]
    body = {"name": f"User {key}", "email": f"{key}@example.com", "posts": posts}
    return Request(method="POST", path=f"{PREFIX}/users", key=key, body=body)


OPERATIONS: Mapping[str, Operation] = {
    operation.__name__: operation for operation in (ping, get_user, list_users, create_user)
}
WRITES: frozenset[str] = frozenset({"create_user"})
