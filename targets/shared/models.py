"""Tables of the users/posts API. Every row carries the key of the write that made it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, MetaData, String, Text, func
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

# Constraints have names of their own making, so that a migration can drop what another one made.
CONVENTION = {
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
KEY_LENGTH = 32


class Base(AsyncAttrs, DeclarativeBase):
    """Declarative base. ``AsyncAttrs`` lets a coroutine await a lazy relationship; to sync code it is nothing."""

    metadata = MetaData(naming_convention=CONVENTION)


class Written:
    """Columns of every table: an id, when the row was written, and by which write.

    The key is not unique: a write puts it on several rows, and a write that was made twice by mistake
    must be seen, not refused.
    """

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    write_key: Mapped[str] = mapped_column(String(KEY_LENGTH), index=True)


class User(Written, Base):
    """A person who writes posts. Credits move between users by transfer, and are never made or lost."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("credits >= 0", name="credits_not_negative"),)

    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(320), unique=True)
    credits: Mapped[int] = mapped_column(BigInteger, server_default="0")
    posts: Mapped[list[Post]] = relationship(
        back_populates="user", order_by="Post.id", cascade="all, delete-orphan", passive_deletes=True
    )


class Post(Written, Base):
    """A text that a user wrote."""

    __tablename__ = "posts"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    user: Mapped[User] = relationship(back_populates="posts")


class AuditLog(Written, Base):
    """A record of a write to a user. It outlives the user, so there is no foreign key."""

    __tablename__ = "audit_log"

    action: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int] = mapped_column(BigInteger)


class Transfer(Written, Base):
    """A move of credits from one user to another. It outlives both, so there is no foreign key."""

    __tablename__ = "transfers"

    from_user_id: Mapped[int] = mapped_column(BigInteger)
    to_user_id: Mapped[int] = mapped_column(BigInteger)
    credits: Mapped[int] = mapped_column(BigInteger)


class Replay(Written, Base):
    """The first answer to a request with an ``Idempotency-Key``: a retry gets it again.

    It is written in the transaction of the write itself, so there is one exactly if that was committed.
    """

    __tablename__ = "replays"

    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(Text, server_default="")
