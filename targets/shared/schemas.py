"""Bodies and parameters of the API, with bounds that keep values from the database that it can't hold."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from fastapi import Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

BIGINT_MAX = 2**63 - 1
OFFSET_MAX = 2**31 - 1

# PostgreSQL's text holds every character but NUL.
NO_NUL = r"^[^\x00]*$"
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]
Body = Annotated[str, Field(max_length=10_000, pattern=NO_NUL)]
Email = Annotated[str, Field(max_length=320, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")]

Id = Annotated[int, Path(ge=1, le=BIGINT_MAX)]
Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=OFFSET_MAX)]
WriteKey = Annotated[
    str,
    Header(
        alias="Write-Key",
        pattern="^[0-9a-f]{32}$",
        description="Names this write. It is put on every row that the write creates.",
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern="^[!-~]{1,64}$",
        description="Names this request. Sent again with the same body, it is answered as the first time,"
        " and nothing is written twice.",
    ),
]


class Load(StrEnum):
    """A way to load the posts of a page of users."""

    SELECTIN = "selectin"
    JOINED = "joined"
    LAZY = "lazy"
    RAISE = "raise"  # not at all: the page is without them, and touching them would be an error


class PostIn(BaseModel):
    """A post to be written."""

    title: Title
    body: Body = ""


class UserIn(BaseModel):
    """A user to be written, with posts in the same transaction."""

    name: Name
    email: Email
    posts: Annotated[list[PostIn], Field(max_length=100)] = []


class UserPatch(BaseModel):
    """Changes to a user; a field that is left out stays."""

    name: Name | None = None
    email: Email | None = None


class TransferIn(BaseModel):
    """Credits to be moved."""

    from_user_id: Annotated[int, Field(ge=1, le=BIGINT_MAX)]
    to_user_id: Annotated[int, Field(ge=1, le=BIGINT_MAX)]
    credits: Annotated[int, Field(ge=1, le=1_000_000)]

    @model_validator(mode="after")
    def _of_two_users(self) -> Self:
        if self.from_user_id == self.to_user_id:
            raise ValueError("from_user_id and to_user_id must differ")
        return self


class Stored(BaseModel):
    """An answer that is made of a row."""

    model_config = ConfigDict(from_attributes=True)


class PostOut(Stored):
    """A post as stored."""

    id: int
    user_id: int
    title: str
    body: str
    created_at: datetime


class UserOut(Stored):
    """A user as stored."""

    id: int
    name: str
    email: str
    credits: int
    created_at: datetime


class UserWithPosts(UserOut):
    """A user as stored, with the posts."""

    posts: list[PostOut]


# Tried in this order; a user that was given without posts has none to be found.
UsersPage = Annotated[list[UserWithPosts] | list[UserOut], Field(union_mode="left_to_right")]


class TransferOut(Stored):
    """A transfer as stored."""

    id: int
    from_user_id: int
    to_user_id: int
    credits: int
    created_at: datetime


class Credits(Stored):
    """The credits of all users together, in one moment."""

    users: int
    credits: int


class Pong(BaseModel):
    """The answer to a ping."""

    pong: bool = True


class Health(BaseModel):
    """The answer of a database that can be reached."""

    database: str = "ok"


class Problem(BaseModel):
    """An error, in a sentence."""

    detail: str
