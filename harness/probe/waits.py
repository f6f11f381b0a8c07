"""Where requests wait, told as they do by AnyIO's thread pool, which Starlette and FastAPI use, and by SQLAlchemy."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from sqlalchemy import Engine, Pool, PoolProxiedConnection, SingletonThreadPool, event
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from harness.probe.dialects import ENDS, STATEMENTS, Call, wrap
from harness.probe.recorder import Recorder
from harness.probe.request import CONNECTION, DATABASE, ELSEWHERE, PYTHON, THREAD, Followed, Request, here, under_way

CheckedOut = Callable[[PoolProxiedConnection, Request | None], object]

# Requests that ask a pool for a connection.
connecting: set[Request] = set()


def tell_waits(recorder: Recorder, checked_out: CheckedOut | None = None) -> None:
    """Tell every request from now on in which phase it is, and note when one waited for a connection in vain.

    ``checked_out`` is called with each connection that a pool hands out, and the request that it is for.
    """
    _tell_threads()
    for pool in (Pool, SingletonThreadPool):  # which has a way of its own
        _tell_connections(pool, recorder, checked_out)
    event.listen(Engine, "do_connect", _opens)
    event.listen(Pool, "connect", _opened)
    for name in (*STATEMENTS, *ENDS):
        wrap(name, _in_database)


def _tell_threads() -> None:
    """Tell a wait for a thread from work in it, for requests that are followed.

    For the others it costs too much: four in a hundred pings of the sync twin. Whoever wants to know about them asks
    AnyIO's limiter, which knows who has a thread and who waits for one.
    """
    to_thread = sys.modules.get("anyio.to_thread")
    if to_thread is None:
        return
    original = to_thread.run_sync

    async def follow(request: Followed, function: Callable[..., Any], *args: Any, **options: Any) -> Any:  # noqa: ANN401 - as AnyIO's
        def begun(*given: Any) -> Any:  # noqa: ANN401 - the same
            request.phase = PYTHON
            try:
                return function(*given)
            finally:
                request.phase = ELSEWHERE

        request.phase = THREAD
        try:
            return await original(begun, *args, **options)
        finally:
            if request.phase in {THREAD, ELSEWHERE}:  # it never began, or has ended, and the request goes on
                request.phase = PYTHON

    @wraps(original)
    def run_sync(function: Callable[..., Any], *args: Any, **options: Any) -> Awaitable[Any]:  # noqa: ANN401 - the same
        request = under_way.get()
        if request is True:
            here()  # in a thread there is no task to know it by, so that it is to be known before
        elif request:
            request.look_for_its_task()  # the limiter knows that one
            if isinstance(request, Followed):
                return follow(request, function, *args, **options)
        awaited: Awaitable[Any] = original(function, *args, **options)
        return awaited

    to_thread.run_sync = run_sync  # type: ignore[attr-defined]  # a module's function may be replaced


def _tell_connections(kind: type[Pool], recorder: Recorder, checked_out: CheckedOut | None) -> None:
    """Tell a wait for a connection from the opening of one.

    What is handed out is told from here too: a listener to that event of SQLAlchemy's costs it several calls more.
    """
    original = kind.connect

    @wraps(original)
    def connect(pool: Any) -> PoolProxiedConnection:  # noqa: ANN401 - of this kind
        request = here()
        if request is None:
            connection = original(pool)
        else:
            if isinstance(request, Followed):
                request.look_for_its_task()
            connecting.add(request)
            before, request.phase = request.phase, CONNECTION
            try:
                connection = original(pool)
            except PoolTimeoutError:
                recorder.note("pool", "timed_out", 1)
                raise
            finally:
                connecting.discard(request)
                request.phase = before
        if checked_out is not None:
            checked_out(connection, request)
        return connection

    kind.connect = connect  # type: ignore[assignment]  # no event says that somebody begins to wait


def _opens(*_what: object) -> None:
    if request := here():
        request.phase = DATABASE


def _opened(*_what: object) -> None:
    if request := here():
        request.phase = CONNECTION


def _in_database(original: Call) -> Call:
    """Tell what is asked of the database, and waited for: statements, commits and rollbacks."""

    @wraps(original)
    def call(*args: Any, **named: Any) -> None:  # noqa: ANN401 - as SQLAlchemy's
        request = under_way.get()
        if isinstance(request, bool):  # what has a connection is known, or was never to be
            original(*args, **named)
            return
        before, request.phase = request.phase, DATABASE
        try:
            original(*args, **named)
        finally:
            request.phase = before

    return call
