"""Where the time of each request goes, and in which phase each request is that is under way.

A request is in one phase at a time, so that the parts of its time add up to the whole. Before the first it was in a
queue: under way from its client, in the server's sockets, waiting for the event loop. What it waits for is told by the
thread pool of AnyIO, which Starlette and FastAPI use, and by SQLAlchemy; where neither says anything, it waits
elsewhere. That it waits at all is seen by driving the application's coroutine step by step: that is done for a share of
the requests only, once they are many.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from functools import wraps
from typing import Any

from sqlalchemy import Engine, Pool, event
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from harness.probe.choice import Choice
from harness.probe.dialects import ENDS, STATEMENTS, Call, wrap
from harness.probe.recorder import Kind, Recorder
from harness.probe.request import (
    CONNECTION,
    DATABASE,
    ELSEWHERE,
    PHASES,
    PYTHON,
    THREAD,
    Followed,
    Request,
    under_way,
)
from harness.probe.route import route_of
from harness.probe.served import App, Message, Receive, Scope, Send

TOOK: Kind = ("requests", "took_s", ("route", "handed_on", "queue", "bytes", "in_flight", *PHASES))
# What a client, or a proxy in front, says of when it sent a request: nanoseconds of this machine's monotonic clock.
SENT_HEADER = b"x-request-start"
LONGEST_QUEUE_S = 600.0  # a number beyond is of another clock


class _Stepped:
    """Drives a coroutine as ``await`` does, and tells its request when it runs and when it waits."""

    def __init__(self, request: Followed) -> None:
        self._request = request

    def __await__(self) -> Generator[Any, Any, None]:
        request = self._request
        inner = request.coroutine.__await__()
        step: Callable[[Any], Any] = inner.send
        value: Any = None
        while True:
            if request.phase == ELSEWHERE:
                request.enter(PYTHON)
            try:
                asked = step(value)
            except StopIteration:
                return
            if request.phase == PYTHON:
                request.enter(ELSEWHERE)
            try:
                value = yield asked
                step = inner.send
            except BaseException as error:  # noqa: BLE001 - a cancellation as well is the application's to see
                step, value = inner.throw, error


class PhaseProbe:
    """An ASGI application that notes for a share of its requests what they ``took_s``, and may know of all of them.

    If it ``tells``, all requests are followed while they are few, and a share when they are many. Each is noted with
    these labels: the seconds of every phase, and before them those in ``queue``, empty if its client did not say when
    it was sent; ``route``; ``bytes`` of the answer's body; ``in_flight``, how many others were under way when it ended;
    and ``handed_on``, where the task that it came in waits for another one that serves it, if it was seen to be handed
    on: Starlette's ``BaseHTTPMiddleware`` does so.

    If it ``knows_all``, ``known`` are all requests that are under way, whether they are followed or not. Else one that
    is not followed goes on to the application with nothing in between. ``in_flight`` says how many are under way.
    """

    def __init__(
        self, app: App, recorder: Recorder, in_flight: Callable[[], int], *, tells: bool, knows_all: bool
    ) -> None:
        self.app = app
        self.known: set[Request] = set()
        self._in_flight = in_flight
        self._recorder = recorder
        self._choice = Choice()
        self._tells = tells
        self._knows_all = knows_all
        _time_threads()
        _time_connections(recorder)
        for name in (*STATEMENTS, *ENDS):
            wrap(name, _in_database)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one connection event."""
        if scope["type"] == "http":
            if self._tells and self._choice.falls():
                return self._follow(scope, receive, send)
            if self._knows_all:
                request = Request()
                request.coroutine = self.app(scope, receive, send)  # type: ignore[assignment]  # of an async function
                return self._know(request, request.coroutine)
        return self.app(scope, receive, send)

    async def _know(self, request: Request, serving: Awaitable[None]) -> None:
        token = under_way.set(request)
        self.known.add(request)
        try:
            await serving
        finally:
            under_way.reset(token)
            self.known.discard(request)
            request.over = True

    async def _follow(self, scope: Scope, receive: Receive, send: Send) -> None:
        def count(message: Message) -> Awaitable[None]:
            body = message.get("body")
            if body:
                request.sent_bytes += len(body)
            return send(message)

        queued_s = _queued_s(scope)
        request = Followed()
        request.coroutine = self.app(scope, receive, count)  # type: ignore[assignment]  # the same
        try:
            await self._know(request, _Stepped(request))
        finally:
            request.enter(request.phase)
            self._recorder.take(
                TOOK,
                request.since_s - request.began_s,
                route_of(scope),
                request.handed_on,
                queued_s,
                request.sent_bytes,
                self._in_flight() - 1,
                *request.parts_s,
            )


def _queued_s(scope: Scope) -> float | str:
    for name, value in scope["headers"]:
        if name == SENT_HEADER and value.isdigit():
            queued_s = (time.monotonic_ns() - int(value)) / 1e9
            return queued_s if 0 <= queued_s <= LONGEST_QUEUE_S else ""
    return ""


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
            request.enter(PYTHON)
            try:
                return function(*given)
            finally:
                request.enter(ELSEWHERE)
                request.thread = None

        request.enter(THREAD)
        try:
            return await original(begun, *args, **options)
        finally:
            if request.phase in {THREAD, ELSEWHERE}:  # it never began, or has ended, and the request goes on
                request.enter(PYTHON)

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
        before = request.enter(CONNECTION)
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
        request.enter(DATABASE)


def _opened(*_what: object) -> None:
    if request := under_way.get():
        request.enter(CONNECTION)


def _in_database(original: Call) -> Call:
    """Tell what is asked of the database, and waited for: statements, commits and rollbacks."""

    @wraps(original)
    def call(*args: Any, **named: Any) -> None:  # noqa: ANN401 - as SQLAlchemy's
        request = under_way.get()
        if request is None:
            original(*args, **named)
            return
        before = request.enter(DATABASE)
        try:
            original(*args, **named)
        finally:
            request.enter(before)

    return call
