"""Statements as values: built here once, executed by either twin."""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Delete, Select, Update, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import joinedload, lazyload, raiseload, selectinload
from sqlalchemy.sql.dml import ReturningInsert

from targets.shared.models import AuditLog, Post, Replay, Transfer, User
from targets.shared.schemas import Load, PostIn, TransferIn, UserIn

_LOADERS: Mapping[Load, Any] = {
    Load.SELECTIN: selectinload(User.posts),
    Load.JOINED: joinedload(User.posts),
    Load.LAZY: lazyload(User.posts),
    Load.RAISE: raiseload(User.posts),
}


def users_page(limit: int, offset: int, load: Load) -> Select[User]:
    """Select a page of users; a limit counts users, also where posts are joined."""
    return select(User).options(_LOADERS[load]).order_by(User.id).limit(limit).offset(offset)


def posts_page(limit: int, offset: int) -> Select[Post]:
    """Select a page of posts."""
    return select(Post).order_by(Post.id).limit(limit).offset(offset)


def delete_user(user_id: int) -> Delete:
    """Delete a user; the database deletes the posts."""
    return delete(User).where(User.id == user_id)


def new_user(key: str, user: UserIn) -> User:
    """Make a user with its posts, ready to be added to a session."""
    posts = [new_post(key, post) for post in user.posts]
    return User(name=user.name, email=user.email, posts=posts, write_key=key)


def new_post(key: str, post: PostIn) -> Post:
    """Make a post that has no user yet."""
    return Post(title=post.title, body=post.body, write_key=key)


def new_transfer(key: str, wanted: TransferIn) -> Transfer:
    """Make the row of a transfer."""
    return Transfer(**wanted.model_dump(), write_key=key)


def locked_users(*user_ids: int) -> Select[User]:
    """Select users for a change, in the order of their ids: two that lock the same rows never wait for each other."""
    return select(User).where(User.id.in_(user_ids)).order_by(User.id).with_for_update()


def all_credits() -> Select[int, int]:
    """Select the number of users and the sum of their credits, in one statement and so in one moment."""
    return select(func.count().label("users"), func.coalesce(func.sum(User.credits), 0).label("credits"))


def claim(key: str, idempotency_key: str, fingerprint: str) -> ReturningInsert[int]:
    """Insert a request's name, or nothing if it is there; a second request waits for the first to end."""
    row = {"idempotency_key": idempotency_key, "fingerprint": fingerprint, "write_key": key}
    return insert(Replay).values(row).on_conflict_do_nothing().returning(Replay.id)


def replay_of(idempotency_key: str) -> Select[Replay]:
    """Select the first answer to a request of this name."""
    return select(Replay).where(Replay.idempotency_key == idempotency_key)


def keep_answer(replay_id: int, answer: str) -> Update:
    """Store the answer to a request whose name was claimed."""
    return update(Replay).where(Replay.id == replay_id).values(answer=answer)


def fingerprint(operation: str, *said: object) -> str:
    """Return a hash of everything that a request contains."""
    return hashlib.sha256(repr((operation, said)).encode()).hexdigest()


def audit(key: str, action: str, user_id: int) -> AuditLog:
    """Make the audit row of a write."""
    return AuditLog(action=action, user_id=user_id, write_key=key)
