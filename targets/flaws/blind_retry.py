"""A write that failed is tried again, without asking whether it was done.

What goes wrong: where only the answer to COMMIT was lost, the write is there already, and is made twice.
How it comes about: a retry decorator around everything that may fail.
Caught by: ``cut_map``, which finds duplicates where the answer to COMMIT is cut.
"""

from fastapi import Request
from sqlalchemy.exc import DBAPIError

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.flaws.shadow import shadow
from targets.shared.models import Post
from targets.shared.schemas import Id, PostIn, PostOut, WriteKey
from targets.shared.statements import audit, new_post

TRIES = 3


async def create_post(request: Request, key: WriteKey, user_id: Id, post: PostIn) -> Post:
    """Write a post and the audit row, and do so again if that fails."""
    for remaining in reversed(range(TRIES)):
        try:
            async with request.app.state.sessions() as session:
                repository = Repository(session)
                made = new_post(key, post)
                made.user_id = user_id
                await repository.add(made)
                await repository.add(audit(key, "create_post", user_id))
                await repository.commit()
                return made
        except (DBAPIError, OSError):
            if not remaining:
                raise
    raise AssertionError


app = shadow(create_app(), "/users/{user_id}/posts", create_post, PostOut)
