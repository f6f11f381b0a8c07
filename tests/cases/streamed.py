"""A page goes out while it is read: by a cursor in the database, to its end, with a session of the stream's own."""

from collections.abc import AsyncIterator

from fastapi import Request
from fastapi.responses import StreamingResponse
from sqlalchemy import select

from targets.async_api.main import create_app
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Limit, Offset, UserOut

ROWS_A_FETCH = 5


async def list_users(request: Request, limit: Limit = 20, offset: Offset = 0) -> StreamingResponse:
    """Send a page of users, row by row."""
    page = select(User).order_by(User.id).limit(limit).offset(offset).execution_options(yield_per=ROWS_A_FETCH)

    async def parts() -> AsyncIterator[str]:
        async with request.app.state.sessions() as session:
            between = "["
            async for user in await session.stream_scalars(page):
                yield between + UserOut.model_validate(user).model_dump_json()
                between = ","
        yield "]"

    return StreamingResponse(parts(), media_type="application/json")


app = shadow(create_app(), "/users", list_users, None, method="get")
