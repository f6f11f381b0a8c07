"""What a loop is seen in: the application's line, also if SQLAlchemy's greenlet runs, or else the request's route."""

import asyncio
import threading
from collections.abc import Callable
from types import CodeType, FrameType, FunctionType
from typing import Any

import greenlet
import pytest

from harness.probe import readings
from harness.probe.call_site import FRAMEWORK
from harness.probe.loop_stack import LoopStack, Seen
from harness.probe.readings import reading

SCOPE = {"type": "http", "method": "GET", "path": "/users/7"}


def of_a_library(function: Any) -> Any:
    """Return a function as if a library had it."""
    code: CodeType = function.__code__.replace(co_filename="<library>")
    return FunctionType(code, function.__globals__, function.__name__, None, function.__closure__)


def looked_at(stack: LoopStack) -> Seen | None:
    """Look from another thread, as the probe does."""
    seen: list[Seen | None] = []
    thread = threading.Thread(target=lambda: seen.append(stack.seen()))
    thread.start()
    thread.join()
    return seen[0]


def told(seen: Seen | None) -> tuple[str, str, bool] | None:
    """The function, the route, and whether it is on the loop's own stack."""
    return (seen.place[2], seen.route, seen.directly) if seen else None


def run(application: Callable[[LoopStack], Any]) -> Any:
    """Run an application in a loop of a thread of its own, where this test has no call on the stack."""

    @of_a_library
    async def serve() -> None:
        returned.append(await application(LoopStack()))

    @of_a_library
    def work() -> None:
        asyncio.run(serve())

    returned: list[Any] = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return returned[0]


look = of_a_library(looked_at)


async def endpoint(stack: LoopStack) -> tuple[str, str, bool] | None:
    return told(look(stack))


async def in_greenlet(stack: LoopStack) -> tuple[str, str, bool] | None:
    seen: Seen | None = greenlet.greenlet(look).switch(stack)
    return told(seen)


@pytest.mark.parametrize(("application", "directly"), [(endpoint, True), (in_greenlet, False)])
def test_the_applications_innermost_line_is_seen(application: Callable[[LoopStack], Any], *, directly: bool) -> None:
    assert run(application) == (application.__name__, "", directly)


def test_the_stack_that_a_greenlet_has_left_is_kept_to_the_end_of_a_look() -> None:
    kept: list[CodeType] = []

    def looks(stack: LoopStack) -> None:
        with reading():
            stack.seen()
            kept.extend(frame.f_code for frame in readings._read if isinstance(frame, FrameType))

    def look_on(stack: LoopStack) -> None:
        thread = threading.Thread(target=looks, args=(stack,))
        thread.start()
        thread.join()

    async def application(stack: LoopStack) -> None:
        greenlet.greenlet(of_a_library(look_on)).switch(stack)

    run(application)
    assert kept == [application.__code__]


def test_where_there_is_none_the_request_is() -> None:
    @of_a_library
    async def serialize(stack: LoopStack, scope: dict[str, object]) -> tuple[str, str, bool, str] | None:
        assert scope
        seen = look(stack)
        return (seen.place[2], seen.route, seen.is_of_application, seen.inside) if seen else None

    @of_a_library
    async def app(stack: LoopStack) -> Any:
        return await serialize(stack, SCOPE)

    function, route, its, inside = run(app)
    assert (function, route, its) == (FRAMEWORK[2], "GET /users/7", False)
    assert inside.startswith("threading.")  # which starts the other thread, or waits for it


def test_a_middleware_that_passes_the_request_on_is_not_what_the_loop_is_in() -> None:
    @of_a_library
    async def route(scope: dict[str, object], receive: LoopStack, send: None) -> tuple[str, str] | None:
        assert send is None
        seen = look(receive)
        return (seen.place[2], seen.route) if seen and scope else None

    async def middleware(stack: LoopStack) -> Any:
        return await route(SCOPE, stack, None)

    async def client(stack: LoopStack) -> Any:
        return await of_a_library(ask)(stack)

    async def ask(stack: LoopStack) -> tuple[str, str] | None:
        seen = look(stack)
        return (seen.place[2], seen.route) if seen else None

    assert run(middleware) == (FRAMEWORK[2], "GET /users/7")
    assert run(client) == ("client", "")


def test_of_two_calls_that_have_a_request_the_outermost_stands_for_it() -> None:
    @of_a_library
    async def inner(stack: LoopStack, scope: object) -> tuple[str, str]:
        seen = look(stack)
        assert seen
        assert scope
        return seen.call.f_code.co_name, seen.route

    @of_a_library
    async def outer(stack: LoopStack) -> tuple[str, str]:
        scope = SCOPE
        assert scope
        return await inner(stack, {**SCOPE, "path": "/"})

    assert run(outer) == ("outer", "GET /users/7")


def test_a_loop_that_serves_nobody_is_seen_in_nothing() -> None:
    @of_a_library
    async def idle(stack: LoopStack) -> Seen | None:
        return look(stack)

    assert run(idle) is None


@pytest.mark.parametrize("scope", [None, "users", {"type": "lifespan"}])
def test_what_is_called_scope_may_be_anything(scope: object) -> None:
    @of_a_library
    async def app(stack: LoopStack) -> tuple[str, str, bool] | None:
        return await run_with(stack, scope)

    @of_a_library
    async def run_with(stack: LoopStack, scope: object) -> tuple[str, str, bool] | None:
        return told(look(stack)) if scope or scope is None else None

    assert run(app) == (FRAMEWORK[2], "", False)
