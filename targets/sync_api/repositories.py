"""Data access: rows in, rows out. Nothing here decides or commits."""

from collections.abc import Sequence

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from targets.shared import statements
from targets.shared.models import AuditLog, Post, Replay, Transfer, User
from targets.shared.schemas import Load


class Repository:
    """All tables, by one session."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def answer(self) -> None:
        """Send the cheapest statement, to see that the database answers."""
        self.session.execute(text("SELECT 1"))

    def user(self, user_id: int) -> User | None:
        """Read a user by id."""
        return self.session.get(User, user_id)

    def users(self, limit: int, offset: int, load: Load) -> Sequence[User]:
        """Read a page of users with their posts."""
        found = self.session.scalars(statements.users_page(limit, offset, load))
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
        found = self.session.scalars(statements.posts_page(limit, offset))
        return found.all()

    def add(self, row: User | Post | Transfer | AuditLog) -> None:
        """Insert a new row, with those that belong to it, and get its id."""
        self.session.add(row)
        self.session.flush()

    def delete_user(self, user_id: int) -> bool:
        """Delete a user with the posts; return whether there was one."""
        done = self.session.execute(statements.delete_user(user_id).returning(User.id))
        return done.scalar_one_or_none() is not None

    def users_to_change(self, *user_ids: int) -> dict[int, User]:
        """Read users by id and lock them until the transaction ends."""
        found = self.session.scalars(statements.locked_users(*user_ids))
        return {user.id: user for user in found}

    def credits(self) -> Row[int, int]:
        """Count users and sum up their credits."""
        found = self.session.execute(statements.all_credits())
        return found.one()

    def claim(self, key: str, idempotency_key: str, fingerprint: str) -> int | None:
        """Claim a request's name and return the claim's id; None if another request has it."""
        return self.session.scalar(statements.claim(key, idempotency_key, fingerprint))

    def replay(self, idempotency_key: str) -> Replay:
        """Read what was stored under a request's name."""
        found = self.session.scalars(statements.replay_of(idempotency_key))
        return found.one()

    def keep_answer(self, replay_id: int, answer: str) -> None:
        """Store the answer to a request whose name was claimed."""
        self.session.execute(statements.keep_answer(replay_id, answer))

    def commit(self) -> None:
        """Make everything that was sent durable."""
        self.session.commit()
