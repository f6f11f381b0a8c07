"""The state of a request is read off its stack: in a thread, in a coroutine, and in the greenlets of SQLAlchemy's."""

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine
from types import FrameType, FunctionType
from typing import Any

import pytest
from sqlalchemy.util import await_only, greenlet_spawn

from harness.probe import holders
from harness.probe.call_site import place_of
from harness.probe.holders import RequestState, of_coroutine, of_stack
from harness.probe.request import CONNECTION, DATABASE, ELSEWHERE, PYTHON

Wait = Callable[[], object]


def of_others(function: FunctionType) -> FunctionType:
    """Let a function be of a driver's, say: not of the application's own."""
    function.__code__ = function.__code__.replace(co_filename="<driver>")
    return function


@of_others
def asks(wait: Wait) -> None:
    """Ask a database."""
    wait()


@of_others
def connects(wait: Wait) -> None:
    """Ask a pool for a connection."""
    wait()


@of_others
def opens(wait: Wait) -> None:
    """Ask a pool for a connection, which has to be opened."""
    connects(of_others(lambda: asks(wait)))


@of_others
def wait_in_greenlet() -> None:
    """Wait as a driver does for what it has asked."""
    await_only(asyncio.Event().wait())


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the driver's call be one that asks a database, and the pool's one that waits for a connection."""
    monkeypatch.setattr(holders, "asking", {asks.__code__})
    monkeypatch.setattr(holders, "connecting", {connects.__code__})


def told(state: RequestState) -> tuple[int, str]:
    """The phase, and the function that the application stands in."""
    return state.phase, place_of(state.frame)[2] if state.frame else ""


@pytest.mark.parametrize(
    ("calls", "phase"), [(asks, DATABASE), (connects, CONNECTION), (opens, DATABASE), (None, PYTHON)]
)
def test_a_thread_asks_whom_its_innermost_calls_ask(calls: Callable[[Wait], None] | None, phase: int) -> None:
    begun, ending = threading.Event(), threading.Event()

    @of_others
    def wait() -> bool:
        begun.set()
        return ending.wait()

    def route() -> None:
        calls(wait) if calls else wait()

    thread = threading.Thread(target=route)
    thread.start()
    begun.wait()
    state = told(of_stack(sys._current_frames()[thread.ident or 0]))
    ending.set()
    thread.join()
    assert state == (phase, "route")


def looked_at(serve: Coroutine[Any, Any, Any], loops: FrameType | None = None) -> tuple[int, str]:
    """Where it stands once it waits."""

    async def look() -> tuple[int, str]:
        task = asyncio.create_task(serve)
        await asyncio.sleep(0)
        state = told(of_coroutine(task.get_coro(), loops))
        task.cancel()
        return state

    return asyncio.run(look())


@pytest.mark.parametrize(("calls", "phase"), [(asks, DATABASE), (connects, CONNECTION), (opens, DATABASE)])
def test_a_coroutine_asks_whom_its_greenlet_asks(calls: Callable[[Wait], None], phase: int) -> None:
    async def route() -> None:
        await greenlet_spawn(calls, wait_in_greenlet)

    assert looked_at(route()) == (phase, "route")


def test_what_the_application_does_in_a_greenlet_is_further_in_than_what_spawned_it() -> None:
    def inner() -> None:
        await_only(asyncio.Event().wait())

    async def route() -> None:
        await greenlet_spawn(inner)

    assert looked_at(route()) == (ELSEWHERE, "inner")


def test_a_coroutine_that_waits_for_neither_waits_elsewhere() -> None:
    async def inner() -> None:
        await asyncio.Event().wait()

    async def route() -> None:
        await inner()

    assert looked_at(route()) == (ELSEWHERE, "inner")
    assert told(of_coroutine(None, None)) == (ELSEWHERE, "")


def test_a_coroutine_that_runs_is_where_the_loop_is() -> None:
    async def look() -> tuple[int, str]:
        task = asyncio.current_task()
        assert task

        def deeper() -> RequestState:
            return of_coroutine(task.get_coro(), sys._getframe())

        return told(deeper())

    assert asyncio.run(look()) == (PYTHON, "deeper")
