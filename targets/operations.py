"""What a client of the users/posts API can do: one small function an operation, and what each write leaves.

Reads ask for seeded rows only, so that every read finds what it asks for.
"""

from collections.abc import Mapping
from random import Random

from harness.model.workload import PADDING, Operation, Request, Write

PREFIX = "/api/v1"


# Rows that are there before any load: users 1 to ``USERS``, each with as many posts.
USERS = 1000
POSTS_PER_USER = 5
PAGE_USERS = 20
# Users who hold credits and are never deleted. They are few, so that writes meet on one row, as they do where it
# matters; and their ids are of one width, so that a write is as long every time.
HOLDERS: tuple[int, ...] = (*range(100, 120), *range(480, 500))


def ping(_random: Random, _key: str) -> Request:
    """No database: what the framework and the server cost by themselves."""
    return Request(method="GET", path=f"{PREFIX}/ping")


def get_health(_random: Random, _key: str) -> Request:
    """Ask whether the database answers: the cheapest request that needs it."""
    return Request(method="GET", path=f"{PREFIX}/healthz")


def get_user(random: Random, _key: str) -> Request:
    """Read one row by primary key."""
    return Request(method="GET", path=f"{PREFIX}/users/{random.randint(1, USERS)}")


def list_users(random: Random, _key: str) -> Request:
    """Read a page of users, each with its posts."""
    offset = random.randint(0, USERS - PAGE_USERS)
    return Request(method="GET", path=f"{PREFIX}/users?limit={PAGE_USERS}&offset={offset}&load=selectin")


def list_some_users(random: Random, _key: str) -> Request:
    """Read a page of one to twenty users, each with its posts: as many rows as it happens to be."""
    limit = random.randint(1, PAGE_USERS)
    offset = random.randint(0, USERS - PAGE_USERS)
    return Request(method="GET", path=f"{PREFIX}/users?limit={limit}&offset={offset}")


def list_some_posts(random: Random, _key: str) -> Request:
    """Read a page of one to twenty posts: as many rows as it happens to be."""
    limit = random.randint(1, PAGE_USERS)
    return Request(method="GET", path=f"{PREFIX}/posts?limit={limit}&offset={random.randint(0, USERS)}")


def create_user(_random: Random, key: str) -> Request:
    """Write a user, two posts and an audit row in one transaction."""
    posts = [{"title": f"Post {number} of {key}", "body": PADDING} for number in (1, 2)]
    body = {"name": f"User {key}", "email": f"{key}@example.com", "posts": posts}
    return Request(method="POST", path=f"{PREFIX}/users", body=body)


def create_post(random: Random, key: str) -> Request:
    """Write a post of a user who is there for good, and an audit row."""
    body = {"title": f"Post of {key}", "body": PADDING}
    return Request(method="POST", path=f"{PREFIX}/users/{random.choice(HOLDERS)}/posts", body=body)


def change_user(random: Random, key: str) -> Request:
    """Rename a user who is there for good, and write an audit row."""
    return Request(method="PATCH", path=f"{PREFIX}/users/{random.choice(HOLDERS)}", body={"name": f"User {key}"})


def remove_user(random: Random, _key: str) -> Request:
    """Delete a seeded user who holds no credits, or find that the user is gone; and write an audit row."""
    user = random.randint(USERS // 2 + 1, USERS)
    return Request(method="DELETE", path=f"{PREFIX}/users/{user}")


def transfer(random: Random, _key: str) -> Request:
    """Move credits between two users, and write a row of it and an audit row."""
    one, other = random.sample(HOLDERS, 2)
    body = {"from_user_id": one, "to_user_id": other, "credits": random.randint(1, 9)}
    return Request(method="POST", path=f"{PREFIX}/transfers", body=body)


def get_credits(_random: Random, _key: str) -> Request:
    """Sum up what all users hold, in one statement."""
    return Request(method="GET", path=f"{PREFIX}/credits")


def holders_of(request: Request) -> set[int]:
    """Return the users who are there for good and whose rows a write locks."""
    body = request.body or {}
    ids = {int(part) for part in request.path.split("/") if part.isdigit()}
    return ids | {body[name] for name in ("from_user_id", "to_user_id") if name in body}


OPERATIONS: Mapping[str, Operation] = {
    operation.__name__: operation
    for operation in (
        *(ping, get_health, get_user, list_users, list_some_users, list_some_posts, get_credits),
        *(create_user, create_post, change_user, remove_user, transfer),
    )
}
WRITES: Mapping[str, Write] = {
    "create_user": Write(rows={"users": 1, "posts": 2, "audit_log": 1}, retries=True, cuttable=True),
    "create_post": Write(rows={"posts": 1, "audit_log": 1}, retries=True, cuttable=True),
    "change_user": Write(rows={"audit_log": 1}),
    "remove_user": Write(rows={"audit_log": 1}),
    "transfer": Write(rows={"transfers": 1, "audit_log": 1}, retries=True, cuttable=True),
}
