"""Who was read is noted after the answer, by a task with a session of its own."""

from fastapi import BackgroundTasks, Request
from sqlalchemy import insert

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import AuditLog, User
from targets.shared.schemas import Id, UserOut
from tests.cases.noted import noted


async def get_user(request: Request, session: DatabaseSession, tasks: BackgroundTasks, user_id: Id) -> User:
    """Read one user."""
    user = await read_user(Repository(session), user_id)

    async def note() -> None:
        async with request.app.state.sessions.begin() as own:
            await own.execute(insert(AuditLog), noted([user]))

    tasks.add_task(note)
    return user


app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
