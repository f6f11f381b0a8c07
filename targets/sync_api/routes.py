"""Routes: HTTP in, HTTP out."""

from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy import Row

from targets.shared.errors import CONFLICT, NOT_FOUND, RESPONSES
from targets.shared.models import Post, Transfer, User
from targets.shared.schemas import (
    Credits,
    Health,
    Id,
    IdempotencyKey,
    Limit,
    Load,
    Offset,
    Pong,
    PostIn,
    PostOut,
    TransferIn,
    TransferOut,
    UserIn,
    UserOut,
    UserPatch,
    UsersPage,
    UserWithPosts,
    WriteKey,
)
from targets.sync_api import services
from targets.sync_api.repositories import Repository
from targets.sync_api.session import DatabaseSession

router = APIRouter(prefix="/api/v1")
stored = APIRouter(responses=RESPONSES)


@router.get("/ping")
def ping() -> Pong:
    """Answer without the database."""
    return Pong()


@stored.get("/healthz")
def healthz(session: DatabaseSession) -> Health:
    """Answer if the database does."""
    services.check_health(Repository(session))
    return Health()


@stored.post("/users", status_code=201, response_model=UserWithPosts, responses=CONFLICT)
def create_user(
    session: DatabaseSession, key: WriteKey, user: UserIn, name: IdempotencyKey = None
) -> User | UserWithPosts:
    """Write a user, its posts and an audit row in one transaction."""
    return services.create_user(Repository(session), key, user, name)


@stored.get("/users", response_model=UsersPage)
def list_users(
    session: DatabaseSession, limit: Limit = 20, offset: Offset = 0, load: Load = Load.SELECTIN
) -> Sequence[User | UserOut]:
    """Read a page of users with their posts, which are loaded as ``load`` says."""
    return services.read_users(Repository(session), limit, offset, load)


@stored.get("/users/{user_id}", response_model=UserOut, responses=NOT_FOUND)
def get_user(session: DatabaseSession, user_id: Id) -> User:
    """Read one user."""
    return services.read_user(Repository(session), user_id)


@stored.patch("/users/{user_id}", response_model=UserOut, responses=NOT_FOUND | CONFLICT)
def change_user(session: DatabaseSession, key: WriteKey, user_id: Id, change: UserPatch) -> User:
    """Change a user."""
    return services.change_user(Repository(session), key, user_id, change)


@stored.delete("/users/{user_id}", status_code=204, responses=NOT_FOUND | CONFLICT)
def remove_user(session: DatabaseSession, key: WriteKey, user_id: Id) -> None:
    """Delete a user with the posts."""
    services.remove_user(Repository(session), key, user_id)


@stored.post("/users/{user_id}/posts", status_code=201, response_model=PostOut, responses=NOT_FOUND)
def create_post(
    session: DatabaseSession, key: WriteKey, user_id: Id, post: PostIn, name: IdempotencyKey = None
) -> Post | PostOut:
    """Write a post of a user."""
    return services.create_post(Repository(session), key, user_id, post, name)


@stored.get("/posts", response_model=list[PostOut])
def list_posts(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[Post]:
    """Read a page of posts."""
    return services.read_posts(Repository(session), limit, offset)


@stored.get("/posts/{post_id}", response_model=PostOut, responses=NOT_FOUND)
def get_post(session: DatabaseSession, post_id: Id) -> Post:
    """Read one post."""
    return services.read_post(Repository(session), post_id)


@stored.post("/transfers", status_code=201, response_model=TransferOut, responses=NOT_FOUND | CONFLICT)
def create_transfer(
    session: DatabaseSession, key: WriteKey, wanted: TransferIn, name: IdempotencyKey = None
) -> Transfer | TransferOut:
    """Move credits from one user to another."""
    return services.transfer(Repository(session), key, wanted, name)


@stored.get("/credits", response_model=Credits)
def get_credits(session: DatabaseSession) -> Row[int, int]:
    """Count users and sum up their credits, which no transfer changes."""
    return services.read_credits(Repository(session))


router.include_router(stored)
