"""Units of work: each function is one, and each write commits before it returns."""

from collections.abc import Sequence

from pydantic import BaseModel
from sqlalchemy import Row

from targets.shared.errors import Conflict, KeyReused, NotFound, existing
from targets.shared.models import Post, Transfer, User
from targets.shared.schemas import (
    Load,
    PostIn,
    PostOut,
    TransferIn,
    TransferOut,
    UserIn,
    UserOut,
    UserPatch,
    UserWithPosts,
)
from targets.shared.statements import audit, fingerprint, new_post, new_transfer, new_user
from targets.sync_api.repositories import Repository


def check_health(repository: Repository) -> None:
    """See that the database answers."""
    repository.answer()


def create_user(repository: Repository, key: str, wanted: UserIn, name: str | None = None) -> User | UserWithPosts:
    """Write a user, its posts and an audit row, all or nothing; under a name, once, or raise ``KeyReused``."""
    replay_id, answer = _claim(repository, key, name, fingerprint("create_user", wanted))
    if answer:
        return UserWithPosts.model_validate_json(answer)
    user = new_user(key, wanted)
    repository.add(user)
    repository.add(audit(key, "create_user", user.id))
    _commit(repository, replay_id, UserWithPosts, user)
    return user


def read_user(repository: Repository, user_id: int) -> User:
    """Read one user; raise ``NotFound`` if there is none of this id."""
    return existing(repository.user(user_id), "user", user_id)


def read_users(repository: Repository, limit: int, offset: int, load: Load) -> Sequence[User | UserOut]:
    """Read a page of users with their posts, or without if they are not to be loaded."""
    users = repository.users(limit, offset, load)
    return [UserOut.model_validate(user) for user in users] if load is Load.RAISE else users


def change_user(repository: Repository, key: str, user_id: int, change: UserPatch) -> User:
    """Change a user and write an audit row, all or nothing; raise ``NotFound`` if there is none of this id."""
    user = read_user(repository, user_id)
    for field, value in change.model_dump(exclude_none=True).items():
        setattr(user, field, value)
    repository.add(audit(key, "change_user", user_id))
    repository.commit()
    return user


def remove_user(repository: Repository, key: str, user_id: int) -> None:
    """Delete a user with the posts and write an audit row, all or nothing.

    Raise ``NotFound`` if there is none of this id, and ``Conflict`` if the user holds credits, which would be lost.
    """
    found = repository.users_to_change(user_id)
    if user_id not in found:
        raise NotFound("user", user_id)
    if found[user_id].credits:
        raise Conflict(f"User {user_id} holds credits")
    repository.delete_user(user_id)
    repository.add(audit(key, "remove_user", user_id))
    repository.commit()


def create_post(
    repository: Repository, key: str, user_id: int, wanted: PostIn, name: str | None = None
) -> Post | PostOut:
    """Write a post of a user and an audit row, all or nothing; under a name, once.

    Raises:
        NotFound: There is no such user.
        KeyReused: The name belongs to another request.
    """
    replay_id, answer = _claim(repository, key, name, fingerprint("create_post", user_id, wanted))
    if answer:
        return PostOut.model_validate_json(answer)
    user = read_user(repository, user_id)
    post = new_post(key, wanted)
    post.user_id = user.id
    repository.add(post)
    repository.add(audit(key, "create_post", user_id))
    _commit(repository, replay_id, PostOut, post)
    return post


def transfer(repository: Repository, key: str, wanted: TransferIn, name: str | None = None) -> Transfer | TransferOut:
    """Move credits from one user to another and write an audit row, all or nothing; under a name, once.

    Raises:
        NotFound: One of the two is not there.
        Conflict: The first has not enough.
        KeyReused: The name belongs to another request.
    """
    replay_id, answer = _claim(repository, key, name, fingerprint("transfer", wanted))
    if answer:
        return TransferOut.model_validate_json(answer)
    users = repository.users_to_change(wanted.from_user_id, wanted.to_user_id)
    for user_id in (wanted.from_user_id, wanted.to_user_id):
        if user_id not in users:
            raise NotFound("user", user_id)
    if users[wanted.from_user_id].credits < wanted.credits:
        raise Conflict(f"User {wanted.from_user_id} has fewer than {wanted.credits} credits")
    users[wanted.from_user_id].credits -= wanted.credits
    users[wanted.to_user_id].credits += wanted.credits
    made = new_transfer(key, wanted)
    repository.add(made)
    repository.add(audit(key, "transfer", wanted.from_user_id))
    _commit(repository, replay_id, TransferOut, made)
    return made


def read_credits(repository: Repository) -> Row[int, int]:
    """Count users and sum up their credits."""
    return repository.credits()


def read_post(repository: Repository, post_id: int) -> Post:
    """Read one post; raise ``NotFound`` if there is none of this id."""
    return existing(repository.post(post_id), "post", post_id)


def read_posts(repository: Repository, limit: int, offset: int) -> Sequence[Post]:
    """Read a page of posts."""
    return repository.posts(limit, offset)


def _claim(repository: Repository, key: str, name: str | None, mark: str) -> tuple[int | None, str]:
    """Claim a request's name and return the claim's id; or the first answer, if it was claimed for the same before."""
    if name is None:
        return None, ""
    replay_id = repository.claim(key, name, mark)
    if replay_id is not None:
        return replay_id, ""
    earlier = repository.replay(name)
    if earlier.fingerprint != mark:
        raise KeyReused
    return None, earlier.answer


def _commit(
    repository: Repository, replay_id: int | None, shape: type[BaseModel], made: User | Post | Transfer
) -> None:
    """Commit; a write under a name stores its answer with it, for a retry."""
    if replay_id is not None:
        repository.keep_answer(replay_id, shape.model_validate(made).model_dump_json())
    repository.commit()
