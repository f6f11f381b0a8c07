"""Data access: rows in, rows out. Nothing here decides or commits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from targets.shared.models import AuditLog, Post, User
from targets.shared.schemas import Load
from targets.shared.statements import delete_user, posts_page, users_page


class Repository:
    """Users, posts and the audit log, by one session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def answer(self) -> None:
        """Ask the database for nothing, to see that it answers."""
        self.session.execute(text("SELECT 1"))

    def user(self, user_id: int) -> User | None:
        """Read a user by id."""
        return self.session.get(User, user_id)

    def users(self, limit: int, offset: int, load: Load) -> Sequence[User]:
        """Read a page of users with their posts."""
        found = self.session.scalars(users_page(limit, offset, load))
        users = found.unique().all()
        if load is Load.LAZY:
            for user in users:
                user.posts  # noqa: B018 - reading it loads it
        return users

    def post(self, post_id: int) -> Post | None:
        """Read a post by id."""
        return self.session.get(Post, post_id)

    def posts(self, limit: int, offset: int) -> Sequence[Post]:
        """Read a page of posts."""
        found = self.session.scalars(posts_page(limit, offset))
        return found.all()

    def add(self, row: User | Post | AuditLog) -> None:
        """Send a new row, with those that hang on it, and learn its id."""
        self.session.add(row)
        self.session.flush()

    def delete_user(self, user_id: int) -> bool:
        """Delete a user with the posts; return whether there was one."""
        done = self.session.execute(delete_user(user_id).returning(User.id))
        return done.scalar_one_or_none() is not None

    def commit(self) -> None:
        """Make everything that was sent durable."""
        self.session.commit()
