"""A request is handed on where another task serves it, and not where one only asks something on its behalf."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.util import greenlet_spawn
from starlette.types import Receive, Scope, Send

from harness.probe.call_site import Place
from harness.probe.request import Followed

Serve = Callable[[Followed], Awaitable[object]]


async def asks(request: Followed) -> None:
    """Ask a pool for a connection, which looks for the request's task."""
    request.look_for_its_task()


async def asks_in_a_greenlet(request: Followed) -> None:
    """The same, as SQLAlchemy serves coroutines."""
    await greenlet_spawn(request.look_for_its_task)


async def route(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI application."""
    assert receive
    assert send
    await scope["serve"](scope["request"])


async def hands_on(request: Followed) -> None:
    """Have another task serve it."""
    scope = {"serve": asks, "request": request}
    await asyncio.create_task(route(scope, route, route))  # type: ignore[arg-type]  # nobody calls them


async def hands_on_to_a_greenlet(request: Followed) -> None:
    """The same, where what is asked is in a greenlet."""
    scope = {"serve": asks_in_a_greenlet, "request": request}
    await asyncio.create_task(route(scope, route, route))  # type: ignore[arg-type]  # the same


async def gathers(request: Followed) -> None:
    """Ask twice at once."""
    await asyncio.gather(asks(request), asks_in_a_greenlet(request))


@pytest.mark.parametrize(
    ("serve", "function"),
    [
        (hands_on, "hands_on"),
        (hands_on_to_a_greenlet, "hands_on_to_a_greenlet"),
        (gathers, ""),
        (asks, ""),
        (asks_in_a_greenlet, ""),
    ],
)
def test_it_is_handed_on_by_a_task_that_an_application_is_called_in(serve: Serve, function: str) -> None:
    async def came() -> Place | None:
        task = asyncio.current_task()
        assert task
        request = Followed(task)
        serving = request.serving = serve(request)  # type: ignore[assignment]  # of an async function
        await serving
        return request.handed_on

    handed_on = asyncio.run(came())
    assert (handed_on[2] if handed_on else "") == function
