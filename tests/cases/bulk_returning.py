"""The posts of a user are written by one bulk insert, whose rows come back by RETURNING."""

from sqlalchemy import insert

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import AuditLog, Post, User
from targets.shared.schemas import PostOut, UserIn, UserOut, UserWithPosts, WriteKey


async def create_user(session: DatabaseSession, key: WriteKey, user: UserIn) -> UserWithPosts:
    """Write a user, its posts and an audit row in one transaction."""
    added = insert(User).values(name=user.name, email=user.email, write_key=key).returning(User)
    made = (await session.scalars(added)).one()
    rows = [{**post.model_dump(), "user_id": made.id, "write_key": key} for post in user.posts]
    posts = (await session.scalars(insert(Post).returning(Post), rows)).all()
    await session.execute(insert(AuditLog).values(action="create_user", user_id=made.id, write_key=key))
    await session.commit()
    return UserWithPosts(**UserOut.model_validate(made).model_dump(), posts=[*map(PostOut.model_validate, posts)])


app = shadow(create_app(), "/users", create_user, UserWithPosts)
