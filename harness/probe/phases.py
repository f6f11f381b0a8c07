"""Where the time of each request goes, and in which phase each request is that is under way.

A request is in one phase at a time, so that the parts of its time add up to the whole. Two of them are seen by driving
the application's coroutine step by step: it runs, or it waits for something. What it waits for is told by the thread
pool of AnyIO, which Starlette and FastAPI use, and by SQLAlchemy; where neither says anything, it waits elsewhere.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Generator
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from typing import Any

from sqlalchemy import Engine, Pool, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from harness.probe.culprit import waits_at
from harness.probe.recorder import Recorder
from harness.probe.route import route_of
from harness.probe.served import App, Receive, Scope, Send


class Phase(StrEnum):
    """What a request is doing."""

    PYTHON = "python"  # it runs, in the event loop or in a thread
    THREAD = "thread"  # it waits for a thread
    CONNECTION = "connection"  # it waits for a connection of the pool
    DATABASE = "database"  # it opens a connection, or has a statement, a commit or a rollback under way
    ELSEWHERE = "elsewhere"  # it waits for something else: another service, a lock, its client, its turn in the loop


@dataclass(eq=False, slots=True)
class Request:
    """One request that is under way. Times are in seconds of ``time.perf_counter``; ``thread`` is the one it has."""

    coroutine: Coroutine[Any, Any, None]
    task: asyncio.Task[Any] | None = field(default_factory=asyncio.current_task)
    began_s: float = field(default_factory=time.perf_counter)
    since_s: float = field(init=False)
    phase: Phase = Phase.PYTHON
    parts_s: dict[Phase, float] = field(default_factory=lambda: dict.fromkeys(Phase, 0.0))
    connections: int = 0
    thread: int | None = None
    handed_on: str = ""
    over: bool = False

    def __post_init__(self) -> None:
        """The first phase begins with the request."""
        self.since_s = self.began_s

    def enter(self, phase: Phase) -> Phase:
        """Begin another phase, and return the one that ends."""
        now_s = time.perf_counter()
        before = self.phase
        self.parts_s[before] += now_s - self.since_s
        self.phase, self.since_s = phase, now_s
        return before

    def look_for_its_task(self) -> None:
        """See whether the task that goes on with it is the one that it came in; in a thread there is none to see."""
        with suppress(RuntimeError):
            if not self.handed_on and asyncio.current_task() is not self.task:
                self.handed_on = waits_at(self.coroutine) or "the framework"


under_way: ContextVar[Request | None] = ContextVar("twinbench_phases", default=None)


class _Stepped:
    """Drives a coroutine as ``await`` does, and tells its request when it runs and when it waits."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def __await__(self) -> Generator[Any, Any, None]:
        request = self._request
        inner = request.coroutine.__await__()
        step: Callable[[Any], Any] = inner.send
        value: Any = None
        while True:
            if request.phase is Phase.ELSEWHERE:
                request.enter(Phase.PYTHON)
            try:
                asked = step(value)
            except StopIteration:
                return
            if request.phase is Phase.PYTHON:
                request.enter(Phase.ELSEWHERE)
            try:
                value = yield asked
                step = inner.send
            except BaseException as error:  # noqa: BLE001 - a cancellation as well is the application's to see
                step, value = inner.throw, error


class PhaseProbe:
    """An ASGI application that notes for each request ``took_s``.

    Labels: the seconds of every phase; ``route``; and ``handed_on``, where the task that it came in waits for another
    one that serves it, if it was seen to be handed on: Starlette's ``BaseHTTPMiddleware`` does so.
    """

    def __init__(self, app: App, recorder: Recorder) -> None:
        self.app = app
        self.in_flight: set[Request] = set()
        self._recorder = recorder
        _time_threads()
        _time_connections(recorder)
        _time_statements()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(self.app(scope, receive, send))  # type: ignore[arg-type]  # of an async function
        token = under_way.set(request)
        self.in_flight.add(request)
        try:
            await _Stepped(request)
        finally:
            under_way.reset(token)
            self.in_flight.discard(request)
            request.enter(request.phase)
            request.over = True
            self._recorder.note(
                "requests",
                "took_s",
                request.since_s - request.began_s,
                route=route_of(scope),
                handed_on=request.handed_on,
                **{phase: f"{part_s:.6f}" for phase, part_s in request.parts_s.items()},
            )


def _time_threads() -> None:
    """Tell a wait for a thread from work in it."""
    to_thread = sys.modules.get("anyio.to_thread")
    if to_thread is None:
        return
    original = to_thread.run_sync

    @wraps(original)
    async def run_sync(function: Callable[..., Any], *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as AnyIO's
        request = under_way.get()
        if request is None:
            return await original(function, *args, **options)
        request.look_for_its_task()

        def begun(*given: Any) -> Any:  # noqa: ANN401 - the same
            request.thread = threading.get_ident()
            request.enter(Phase.PYTHON)
            try:
                return function(*given)
            finally:
                request.enter(Phase.ELSEWHERE)
                request.thread = None

        request.enter(Phase.THREAD)
        try:
            return await original(begun, *args, **options)
        finally:
            if request.phase is Phase.THREAD:  # it never began
                request.enter(Phase.PYTHON)

    to_thread.run_sync = run_sync  # type: ignore[attr-defined]  # a module's function may be replaced


def _time_connections(recorder: Recorder) -> None:
    """Tell a wait for a connection from the opening of one."""
    original = Pool.connect

    @wraps(original)
    def connect(pool: Pool) -> Any:  # noqa: ANN401 - as SQLAlchemy types it
        request = under_way.get()
        if request is None:
            return original(pool)
        request.look_for_its_task()
        before = request.enter(Phase.CONNECTION)
        try:
            return original(pool)
        except PoolTimeoutError:
            recorder.note("pool", "timed_out", 1)
            raise
        finally:
            request.enter(before)

    Pool.connect = connect  # type: ignore[assignment]  # no event says that somebody begins to wait
    event.listen(Engine, "do_connect", _opens)
    event.listen(Pool, "connect", _opened)


def _opens(*_what: object) -> None:
    if request := under_way.get():
        request.enter(Phase.DATABASE)


def _opened(*_what: object) -> None:
    if request := under_way.get():
        request.enter(Phase.CONNECTION)


def _time_statements() -> None:
    """Tell what is asked of the database, and waited for: statements, commits and rollbacks."""
    event.listen(Engine, "before_cursor_execute", _opens)
    event.listen(Engine, "after_cursor_execute", _answered)
    event.listen(Engine, "handle_error", _answered)
    for name in ("do_commit", "do_rollback"):  # there is an event before each of them, and none after
        _in_database(name)


def _answered(*_what: object) -> None:
    request = under_way.get()
    if request and request.phase is Phase.DATABASE:
        request.enter(Phase.PYTHON)


def _in_database(name: str) -> None:
    original = getattr(DefaultDialect, name)

    @wraps(original)
    def call(*args: object) -> None:
        request = under_way.get()
        if request is None:
            original(*args)
            return
        before = request.enter(Phase.DATABASE)
        try:
            original(*args)
        finally:
            request.enter(before)

    setattr(DefaultDialect, name, call)
