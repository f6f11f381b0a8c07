"""Units of work: each function is one, and each write commits before it returns."""

from collections.abc import Sequence

from pydantic import BaseModel
from sqlalchemy import Row

from targets.async_api.repositories import Repository
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


async def check_health(repository: Repository) -> None:
    """See that the database answers."""
    await repository.answer()


async def create_user(
    repository: Repository, key: str, wanted: UserIn, name: str | None = None
) -> User | UserWithPosts:
    """Write a user, its posts and an audit row, all or nothing; under a name, once, or raise ``KeyReused``."""
    replay_id, answer = await _claim(repository, key, name, fingerprint("create_user", wanted))
    if answer:
        return UserWithPosts.model_validate_json(answer)
    user = new_user(key, wanted)
    await repository.add(user)
    await repository.add(audit(key, "create_user", user.id))
    await _commit(repository, replay_id, UserWithPosts, user)
    return user


async def read_user(repository: Repository, user_id: int) -> User:
    """Read one user; raise ``NotFound`` if there is none of this id."""
    return existing(await repository.user(user_id), "user", user_id)


async def read_users(repository: Repository, limit: int, offset: int, load: Load) -> Sequence[User | UserOut]:
    """Read a page of users with their posts, or without if they are not to be loaded."""
    users = await repository.users(limit, offset, load)
    return [UserOut.model_validate(user) for user in users] if load is Load.RAISE else users


async def change_user(repository: Repository, key: str, user_id: int, change: UserPatch) -> User:
    """Change a user and write an audit row, all or nothing; raise ``NotFound`` if there is none of this id."""
    user = await read_user(repository, user_id)
    for field, value in change.model_dump(exclude_none=True).items():
        setattr(user, field, value)
    await repository.add(audit(key, "change_user", user_id))
    await repository.commit()
    return user


async def remove_user(repository: Repository, key: str, user_id: int) -> None:
    """Delete a user with the posts and write an audit row, all or nothing.

    Raise ``NotFound`` if there is none of this id, and ``Conflict`` if the user holds credits, which would be lost.
    """
    found = await repository.users_to_change(user_id)
    if user_id not in found:
        raise NotFound("user", user_id)
    if found[user_id].credits:
        raise Conflict(f"User {user_id} holds credits")
    await repository.delete_user(user_id)
    await repository.add(audit(key, "remove_user", user_id))
    await repository.commit()


async def create_post(
    repository: Repository, key: str, user_id: int, wanted: PostIn, name: str | None = None
) -> Post | PostOut:
    """Write a post of a user and an audit row, all or nothing; under a name, once.

    Raises:
        NotFound: There is no such user.
        KeyReused: The name belongs to another request.
    """
    replay_id, answer = await _claim(repository, key, name, fingerprint("create_post", user_id, wanted))
    if answer:
        return PostOut.model_validate_json(answer)
    user = await read_user(repository, user_id)
    post = new_post(key, wanted)
    post.user_id = user.id
    await repository.add(post)
    await repository.add(audit(key, "create_post", user_id))
    await _commit(repository, replay_id, PostOut, post)
    return post


async def transfer(
    repository: Repository, key: str, wanted: TransferIn, name: str | None = None
) -> Transfer | TransferOut:
    """Move credits from one user to another and write an audit row, all or nothing; under a name, once.

    Raises:
        NotFound: One of the two is not there.
        Conflict: The first has not enough.
        KeyReused: The name belongs to another request.
    """
    replay_id, answer = await _claim(repository, key, name, fingerprint("transfer", wanted))
    if answer:
        return TransferOut.model_validate_json(answer)
    users = await repository.users_to_change(wanted.from_user_id, wanted.to_user_id)
    for user_id in (wanted.from_user_id, wanted.to_user_id):
        if user_id not in users:
            raise NotFound("user", user_id)
    if users[wanted.from_user_id].credits < wanted.credits:
        raise Conflict(f"User {wanted.from_user_id} has fewer than {wanted.credits} credits")
    users[wanted.from_user_id].credits -= wanted.credits
    users[wanted.to_user_id].credits += wanted.credits
    made = new_transfer(key, wanted)
    await repository.add(made)
    await repository.add(audit(key, "transfer", wanted.from_user_id))
    await _commit(repository, replay_id, TransferOut, made)
    return made


async def read_credits(repository: Repository) -> Row[int, int]:
    """Count users and sum up their credits."""
    return await repository.credits()


async def read_post(repository: Repository, post_id: int) -> Post:
    """Read one post; raise ``NotFound`` if there is none of this id."""
    return existing(await repository.post(post_id), "post", post_id)


async def read_posts(repository: Repository, limit: int, offset: int) -> Sequence[Post]:
    """Read a page of posts."""
    return await repository.posts(limit, offset)


async def _claim(repository: Repository, key: str, name: str | None, mark: str) -> tuple[int | None, str]:
    """Claim a request's name and return the claim's id; or the first answer, if it was claimed for the same before."""
    if name is None:
        return None, ""
    replay_id = await repository.claim(key, name, mark)
    if replay_id is not None:
        return replay_id, ""
    earlier = await repository.replay(name)
    if earlier.fingerprint != mark:
        raise KeyReused
    return None, earlier.answer


async def _commit(
    repository: Repository, replay_id: int | None, shape: type[BaseModel], made: User | Post | Transfer
) -> None:
    """Commit; a write under a name stores its answer with it, for a retry."""
    if replay_id is not None:
        await repository.keep_answer(replay_id, shape.model_validate(made).model_dump_json())
    await repository.commit()
