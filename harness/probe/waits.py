"""Waits of requests, told as they begin by AnyIO's thread pool, which Starlette and FastAPI use, and by SQLAlchemy."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Protocol, Self
from weakref import WeakSet

from sqlalchemy import Engine, Pool, PoolProxiedConnection, SingletonThreadPool, event
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from harness.probe.dialects import ENDS, STATEMENTS, Call, wrap
from harness.probe.pools import Lent, capacity
from harness.probe.recorder import Recorder
from harness.probe.request import CONNECTION, DATABASE, ELSEWHERE, PYTHON, THREAD, Followed, Mark, under_way
from harness.probe.served import looked_into

# Requests that ask a pool for a connection, by their ``id``: one that is gone can't be hashed any more, and a thread of
# the application's may go on for it.
connecting: dict[int, tuple[Mark, Any]] = {}
# All that have been asked for one.
pools: WeakSet[Any] = WeakSet()


class Checkouts(Protocol):
    """Those who want to know of connections that pools are asked for, and hand out."""

    def asks(self, request: Mark) -> None:
        """Note that a request which is looked into asks for a connection."""

    def checked_out(self, pool: object, connection: PoolProxiedConnection | Lent, request: Mark) -> None:
        """Note a connection that a pool hands out, and the request that it is for."""


def tell_connections(recorder: Recorder, checkouts: Checkouts | None = None) -> None:
    """Keep who waits for a connection, note when somebody waited for one in vain, and tell of ``checkouts``."""
    for kind in (Pool, SingletonThreadPool):  # which has a way of its own
        _tell_connections(kind, recorder, checkouts)


def _tell_connections(kind: type[Pool], recorder: Recorder, checkouts: Checkouts | None) -> None:
    """Wrap how a pool is asked: a listener to SQLAlchemy's event of a checkout costs it several calls more."""
    original = kind.connect

    @wraps(original)
    def connect(pool: Any) -> PoolProxiedConnection:  # noqa: ANN401 - of this kind
        pools.add(pool)
        request = under_way.get()
        followed = request if isinstance(request, Followed) else None
        if followed is not None:
            followed.look_for_its_task()
            before, followed.phase = followed.phase, CONNECTION
        if checkouts is not None and looked_into.get():
            checkouts.asks(request)
        connecting[id(request)] = (request, pool)
        try:
            connection = original(pool)
        except PoolTimeoutError:
            recorder.note("pool", "timed_out", 1)
            raise
        finally:
            connecting.pop(id(request), None)
            if followed is not None:
                followed.phase = before
        if checkouts is not None:
            checkouts.checked_out(pool, connection, request)
        return connection

    kind.connect = connect  # type: ignore[assignment]  # no event says that somebody begins to wait


def least_capacity() -> int | None:
    """Return how many connections the smallest pool may have; None if there is no pool, or none with a limit."""
    limits = [capacity(pool) for pool in list(pools)]
    return min([limit for limit in limits if limit is not None], default=None)


def tell_database() -> None:
    """Tell requests that are followed from now on when they wait for the database."""
    event.listen(Engine, "do_connect", lambda *_what: _goes_on(DATABASE))
    event.listen(Pool, "connect", lambda *_what: _goes_on(CONNECTION))
    for name in (*STATEMENTS, *ENDS):
        wrap(name, _in_database)


def _goes_on(phase: int) -> None:
    if isinstance(request := under_way.get(), Followed):
        request.phase = phase


def _in_database(original: Call) -> Call:
    """Tell what is asked of the database, and waited for: statements, commits and rollbacks."""

    @wraps(original)
    def call(*args: Any, **named: Any) -> None:  # noqa: ANN401 - as SQLAlchemy's
        request = under_way.get()
        if not isinstance(request, Followed):
            original(*args, **named)
            return
        before, request.phase = request.phase, DATABASE
        try:
            original(*args, **named)
        finally:
            request.phase = before

    return call


class ThreadWaits:
    """Tells a wait for a thread from work in it, for requests that are followed: within, one of them is under way.

    It stands in AnyIO's way only while there is one: what it asks of each call was seen to cost the sync twin a
    hundredth of its pings.
    """

    def __init__(self) -> None:
        self._to_thread = sys.modules.get("anyio.to_thread")
        self._under_way = 0

    def __enter__(self) -> Self:
        """Begin with one request more."""
        self._under_way += 1
        if self._under_way == 1 and self._to_thread is not None:
            self._original = self._to_thread.run_sync
            self._to_thread.run_sync = self._run_sync  # type: ignore[attr-defined]  # a module's function may be replaced
        return self

    def __exit__(self, *_error: object) -> None:
        """End with one of them."""
        self._under_way -= 1
        if not self._under_way and self._to_thread is not None:
            self._to_thread.run_sync = self._original  # type: ignore[attr-defined]  # the same

    def _run_sync(self, function: Callable[..., Any], *args: Any, **options: Any) -> Awaitable[Any]:  # noqa: ANN401 - as AnyIO's
        request = under_way.get()
        if isinstance(request, Followed):
            request.look_for_its_task()
            return self._follow(request, function, *args, **options)
        awaited: Awaitable[Any] = self._original(function, *args, **options)
        return awaited

    async def _follow(self, request: Followed, function: Callable[..., Any], *args: Any, **options: Any) -> Any:  # noqa: ANN401 - the same
        def begun(*given: Any) -> Any:  # noqa: ANN401 - the same
            request.phase = PYTHON
            try:
                return function(*given)
            finally:
                request.phase = ELSEWHERE

        request.phase = THREAD
        try:
            return await self._original(begun, *args, **options)
        finally:
            if request.phase in {THREAD, ELSEWHERE}:  # it never began, or has ended, and the request goes on
                request.phase = PYTHON
