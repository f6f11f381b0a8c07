"""What the API does: each function is one unit of work, and each write commits before it returns."""

from __future__ import annotations

from collections.abc import Sequence

from targets.async_api.repositories import Repository
from targets.shared.errors import NotFound
from targets.shared.models import Post, User
from targets.shared.schemas import Load, PostIn, UserIn, UserPatch
from targets.shared.statements import audit, new_post, new_user


async def check_health(repository: Repository) -> None:
    """See that the database answers."""
    await repository.answer()


async def create_user(repository: Repository, key: str, wanted: UserIn) -> User:
    """Write a user, its posts and an audit row, all or nothing."""
    user = new_user(key, wanted)
    await repository.add(user)
    await repository.add(audit(key, "create_user", user.id))
    await repository.commit()
    return user


async def read_user(repository: Repository, user_id: int) -> User:
    """Read one user.

    Raises:
        NotFound: There is none of this id.
    """
    user = await repository.user(user_id)
    if user is None:
        raise NotFound("user", user_id)
    return user


async def read_users(repository: Repository, limit: int, offset: int, load: Load) -> Sequence[User]:
    """Read a page of users with their posts."""
    return await repository.users(limit, offset, load)


async def change_user(repository: Repository, key: str, user_id: int, change: UserPatch) -> User:
    """Change a user and write an audit row, all or nothing.

    Raises:
        NotFound: There is none of this id.
    """
    user = await read_user(repository, user_id)
    for field, value in change.model_dump(exclude_none=True).items():
        setattr(user, field, value)
    await repository.add(audit(key, "change_user", user_id))
    await repository.commit()
    return user


async def remove_user(repository: Repository, key: str, user_id: int) -> None:
    """Delete a user with the posts and write an audit row, all or nothing.

    Raises:
        NotFound: There is none of this id.
    """
    if not await repository.delete_user(user_id):
        raise NotFound("user", user_id)
    await repository.add(audit(key, "remove_user", user_id))
    await repository.commit()


async def create_post(repository: Repository, key: str, user_id: int, wanted: PostIn) -> Post:
    """Write a post of a user and an audit row, all or nothing.

    Raises:
        NotFound: There is no such user.
    """
    user = await read_user(repository, user_id)
    post = new_post(key, wanted)
    post.user_id = user.id
    await repository.add(post)
    await repository.add(audit(key, "create_post", user_id))
    await repository.commit()
    return post


async def read_post(repository: Repository, post_id: int) -> Post:
    """Read one post.

    Raises:
        NotFound: There is none of this id.
    """
    post = await repository.post(post_id)
    if post is None:
        raise NotFound("post", post_id)
    return post


async def read_posts(repository: Repository, limit: int, offset: int) -> Sequence[Post]:
    """Read a page of posts."""
    return await repository.posts(limit, offset)
