"""What the API does: each function is one unit of work, and each write commits before it returns."""

from __future__ import annotations

from collections.abc import Sequence

from targets.shared.errors import NotFound
from targets.shared.models import Post, User
from targets.shared.schemas import Load, PostIn, UserIn, UserPatch
from targets.shared.statements import audit, new_post, new_user
from targets.sync_api.repositories import Repository


def check_health(repository: Repository) -> None:
    """See that the database answers."""
    repository.answer()


def create_user(repository: Repository, key: str, wanted: UserIn) -> User:
    """Write a user, its posts and an audit row, all or nothing."""
    user = new_user(key, wanted)
    repository.add(user)
    repository.add(audit(key, "create_user", user.id))
    repository.commit()
    return user


def read_user(repository: Repository, user_id: int) -> User:
    """Read one user.

    Raises:
        NotFound: There is none of this id.
    """
    user = repository.user(user_id)
    if user is None:
        raise NotFound("user", user_id)
    return user


def read_users(repository: Repository, limit: int, offset: int, load: Load) -> Sequence[User]:
    """Read a page of users with their posts."""
    return repository.users(limit, offset, load)


def change_user(repository: Repository, key: str, user_id: int, change: UserPatch) -> User:
    """Change a user and write an audit row, all or nothing.

    Raises:
        NotFound: There is none of this id.
    """
    user = read_user(repository, user_id)
    for field, value in change.model_dump(exclude_none=True).items():
        setattr(user, field, value)
    repository.add(audit(key, "change_user", user_id))
    repository.commit()
    return user


def remove_user(repository: Repository, key: str, user_id: int) -> None:
    """Delete a user with the posts and write an audit row, all or nothing.

    Raises:
        NotFound: There is none of this id.
    """
    if not repository.delete_user(user_id):
        raise NotFound("user", user_id)
    repository.add(audit(key, "remove_user", user_id))
    repository.commit()


def create_post(repository: Repository, key: str, user_id: int, wanted: PostIn) -> Post:
    """Write a post of a user and an audit row, all or nothing.

    Raises:
        NotFound: There is no such user.
    """
    user = read_user(repository, user_id)
    post = new_post(key, wanted)
    post.user_id = user.id
    repository.add(post)
    repository.add(audit(key, "create_post", user_id))
    repository.commit()
    return post


def read_post(repository: Repository, post_id: int) -> Post:
    """Read one post.

    Raises:
        NotFound: There is none of this id.
    """
    post = repository.post(post_id)
    if post is None:
        raise NotFound("post", post_id)
    return post


def read_posts(repository: Repository, limit: int, offset: int) -> Sequence[Post]:
    """Read a page of posts."""
    return repository.posts(limit, offset)
