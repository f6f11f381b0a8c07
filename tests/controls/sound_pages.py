"""Sound neighbours of flaws that ``n_plus_one`` catches: pages that look like them, and send what they need."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import selectinload

from targets.async_api.main import create_app
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import AuditLog, Post, Transfer, User
from targets.shared.schemas import Limit, Offset, UserOut, UserWithPosts

KEY = "0" * 32  # of no write of ours


def page(limit: int, offset: int):  # type: ignore[no-untyped-def]  # noqa: ANN201 - Select[tuple[User]], as each adds to it
    return select(User).order_by(User.id).limit(limit).offset(offset)


async def note_at_once(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """One ``executemany`` for the page."""
    users = (await session.scalars(page(limit, offset))).all()
    await session.execute(insert(AuditLog), [{"action": "seen", "user_id": u.id, "write_key": KEY} for u in users])
    await session.commit()
    return users


async def note_and_return(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """One bulk insert for the page, whose ids come back."""
    users = (await session.scalars(page(limit, offset))).all()
    rows = [{"action": "seen", "user_id": u.id, "write_key": KEY} for u in users]
    (await session.scalars(insert(AuditLog).returning(AuditLog.id), rows)).all()
    await session.commit()
    return users


async def ask_in_a_list(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """Posts are counted for all users of the page by their ids, which are in the text of the statement."""
    users = (await session.scalars(page(limit, offset))).all()
    ids = ", ".join(str(user.id) for user in users)
    await session.execute(text(f"SELECT user_id, count(*) FROM posts WHERE user_id IN ({ids}) GROUP BY user_id"))  # noqa: S608 - of numbers
    return users


async def fan_out(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """Several questions for any page, one of them asked twice."""
    for user_id in (1, 2):
        await session.get(User, user_id)
    for table in (User, Post, AuditLog, Transfer):
        await session.scalar(select(func.count()).select_from(table))
    return (await session.scalars(page(limit, offset).options(selectinload(User.posts)))).all()


async def stream(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """A page that comes in parts of three, and is read to its end."""
    streamed = await session.stream_scalars(page(limit, offset).execution_options(yield_per=3))
    return [user async for user in streamed]


async def ask_the_driver(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0) -> Sequence[User]:
    """Several questions by the driver's own calls, one of them for all users of the page, and one ``executemany``."""
    users = (await session.scalars(page(limit, offset))).all()
    connection = (await (await session.connection()).get_raw_connection()).driver_connection
    for table in ("users", "posts", "users"):
        await connection.fetchval(f"SELECT count(*) FROM {table}")  # type: ignore[union-attr]  # noqa: S608 - of ours
    ids = [user.id for user in users]
    counting = "SELECT user_id, count(*) FROM posts WHERE user_id = ANY($1) GROUP BY user_id"
    await connection.fetch(counting, ids)  # type: ignore[union-attr]  # it is checked out
    noting = "INSERT INTO audit_log (action, user_id, write_key) VALUES ('seen', $1, $2)"
    await connection.executemany(noting, [(user_id, KEY) for user_id in ids])  # type: ignore[union-attr]  # the same
    await session.commit()
    return users


at_once = shadow(create_app(), "/users", note_at_once, list[UserOut], method="get")
returning = shadow(create_app(), "/users", note_and_return, list[UserOut], method="get")
in_a_list = shadow(create_app(), "/users", ask_in_a_list, list[UserOut], method="get")
fanning_out = shadow(create_app(), "/users", fan_out, list[UserWithPosts], method="get")
streaming = shadow(create_app(), "/users", stream, list[UserOut], method="get")
by_driver = shadow(create_app(), "/users", ask_the_driver, list[UserOut], method="get")
