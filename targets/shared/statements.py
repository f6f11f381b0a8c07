"""What is asked of the database, as values: built here once, executed by either twin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Delete, Select, delete, select
from sqlalchemy.orm import joinedload, lazyload, selectinload

from targets.shared.models import AuditLog, Post, User
from targets.shared.schemas import Load, PostIn, UserIn

_LOADERS: Mapping[Load, Any] = {
    Load.SELECTIN: selectinload(User.posts),
    Load.JOINED: joinedload(User.posts),
    Load.LAZY: lazyload(User.posts),
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


def audit(key: str, action: str, user_id: int) -> AuditLog:
    """Make the audit row of a write."""
    return AuditLog(action=action, user_id=user_id, write_key=key)
