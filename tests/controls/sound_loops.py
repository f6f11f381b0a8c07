"""Sound neighbours of flaws that ``loop`` catches: they look like them, and let the event loop go on."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from hashlib import pbkdf2_hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.flaws.thousands_of_tasks import rate
from targets.flaws.whole_history import HISTORY, Entry
from targets.shared.models import User
from targets.shared.schemas import Id, UserOut

PAGE, FEW = 50, 20
CONTEXT = ssl.create_default_context()  # once, for all requests


class SignedInThread:
    """Lets those requests pass whose signature is theirs, which is checked in a thread."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        if scope["type"] == "http":
            await asyncio.to_thread(pbkdf2_hmac, "sha256", scope["path"].encode(), b"salt", 4_000)
        await self.app(scope, receive, send)


async def page_of_history(user_id: Id) -> Sequence[dict[str, object]]:
    """A page of a history that is as long."""
    return HISTORY[user_id % 100 :][:PAGE]


async def few_tasks(session: DatabaseSession, user_id: Id) -> User:
    """A task for each of a few small things."""
    user = await read_user(Repository(session), user_id)
    await asyncio.gather(*(rate(user_id, item) for item in range(FEW)))
    return user


async def one_client(session: DatabaseSession, user_id: Id) -> User:
    """One TLS context for all requests."""
    CONTEXT.cert_store_stats()
    return await read_user(Repository(session), user_id)


async def wait_in_thread(session: DatabaseSession, user_id: Id) -> User:
    """A client library without ``await``, called in a thread."""
    await asyncio.to_thread(time.sleep, 0.01)
    return await read_user(Repository(session), user_id)


async def wait_for_seconds(session: DatabaseSession, user_id: Id) -> User:
    """A service that takes its time, and is waited for."""
    await session.close()
    await asyncio.sleep(0.4)
    return await read_user(Repository(session), user_id)


async def read(session: DatabaseSession, user_id: Id) -> User:
    """Nothing but a user."""
    return await read_user(Repository(session), user_id)


page = shadow(create_app(), "/users/{user_id}", page_of_history, list[Entry], method="get")
tasks = shadow(create_app(), "/users/{user_id}", few_tasks, UserOut, method="get")
client = shadow(create_app(), "/users/{user_id}", one_client, UserOut, method="get")
thread = shadow(create_app(), "/users/{user_id}", wait_in_thread, UserOut, method="get")
waiting = shadow(create_app(), "/users/{user_id}", wait_for_seconds, UserOut, method="get")
signed = shadow(create_app(), "/users/{user_id}", read, UserOut, method="get")
signed.add_middleware(SignedInThread)
