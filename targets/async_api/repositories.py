"""Data access: rows in, rows out. Nothing here decides or commits."""

from collections.abc import Sequence

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from targets.shared import statements
from targets.shared.models import AuditLog, Post, Replay, Transfer, User
from targets.shared.schemas import Load


class Repository:
    """All tables, by one session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def answer(self) -> None:
        """Send the cheapest statement, to see that the database answers."""
        await self.session.execute(text("SELECT 1"))

    async def user(self, user_id: int) -> User | None:
        """Read a user by id."""
        return await self.session.get(User, user_id)

    async def users(self, limit: int, offset: int, load: Load) -> Sequence[User]:
        """Read a page of users with their posts."""
        found = await self.session.scalars(statements.users_page(limit, offset, load))
        users = found.unique().all()
        if load is Load.LAZY:
            for user in users:
                await user.awaitable_attrs.posts
        return users

    async def post(self, post_id: int) -> Post | None:
        """Read a post by id."""
        return await self.session.get(Post, post_id)

    async def posts(self, limit: int, offset: int) -> Sequence[Post]:
        """Read a page of posts."""
        found = await self.session.scalars(statements.posts_page(limit, offset))
        return found.all()

    async def add(self, row: User | Post | Transfer | AuditLog) -> None:
        """Insert a new row, with those that belong to it, and get its id."""
        self.session.add(row)
        await self.session.flush()

    async def delete_user(self, user_id: int) -> bool:
        """Delete a user with the posts; return whether there was one."""
        done = await self.session.execute(statements.delete_user(user_id).returning(User.id))
        return done.scalar_one_or_none() is not None

    async def users_to_change(self, *user_ids: int) -> dict[int, User]:
        """Read users by id and lock them until the transaction ends."""
        found = await self.session.scalars(statements.locked_users(*user_ids))
        return {user.id: user for user in found}

    async def credits(self) -> Row[int, int]:
        """Count users and sum up their credits."""
        found = await self.session.execute(statements.all_credits())
        return found.one()

    async def claim(self, key: str, idempotency_key: str, fingerprint: str) -> int | None:
        """Claim a request's name and return the claim's id; None if another request has it."""
        return await self.session.scalar(statements.claim(key, idempotency_key, fingerprint))

    async def replay(self, idempotency_key: str) -> Replay:
        """Read what was stored under a request's name."""
        found = await self.session.scalars(statements.replay_of(idempotency_key))
        return found.one()

    async def keep_answer(self, replay_id: int, answer: str) -> None:
        """Store the answer to a request whose name was claimed."""
        await self.session.execute(statements.keep_answer(replay_id, answer))

    async def commit(self) -> None:
        """Make everything that was sent durable."""
        await self.session.commit()
