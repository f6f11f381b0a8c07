"""Engines and connections: which line makes them, how many there are, what one costs, and how many requests it serves.

To make an engine, or to open a connection, costs far more than what is noted of it here. The one thing that each
request pays for is a count of the connections that it is handed out.
"""

from __future__ import annotations

import sys
import time
import weakref
from collections.abc import Awaitable, Callable, Generator
from functools import wraps
from typing import Any

from sqlalchemy import Engine, Pool, QueuePool, event
from sqlalchemy.pool import base as pool_base

from harness.probe.call_site import Place, caller, callers, place_of
from harness.probe.recorder import Kind, Recorder
from harness.probe.request import under_way
from harness.probe.variables import variables_of
from harness.probe.waits import connecting

LABELS = (
    *("kind", "place", "disposes", "discards", "made", "disposed", "discarded", "forgotten"),
    *("handed_out", "opened", "opening_s", "keeps", "renewed_after_s"),
)
TOLD: Kind = ("pool", "origin", tuple("call_site" if name == "place" else name for name in LABELS))
# What opens a connection in each driver, and the kind of function that it is; all that its package offers calls it.
DRIVERS = {
    "asyncpg.connect_utils": "_connect",
    "psycopg._connection_base": "BaseConnection._connect_gen",
    "psycopg2": "_connect",
}
Call = Callable[..., Any]


class Origin:
    """A line that makes engines, or opens connections by a driver past any pool, and what has come of it so far.

    ``kind`` is ``engine`` or ``driver``. ``made`` and ``disposed`` count engines, of requests alone; ``handed_out``
    connections that requests got, and ``opened`` those that were opened, which took ``opening_s``. ``disposes`` is
    where a request disposed of an engine, and ``discards`` where one kept a connection from going back to its pool,
    which ``discarded`` counts; ``forgotten`` of these were never given back at all, and the line is where one was
    checked out, if that is known. The last pool that opened one ``keeps`` so many when they are given back, and has
    each ``renewed_after_s``; below 0 it never has.
    """

    __slots__ = (
        *("discarded", "discards", "disposed", "disposes", "forgotten", "handed_out", "keeps", "kind", "made"),
        *("opened", "opening_s", "place", "renewed_after_s"),
    )

    def __init__(self, place: Place | None, kind: str) -> None:
        self.kind = kind
        self.place = place
        self.disposes: Place | None = None
        self.discards: Place | None = None
        self.made = self.disposed = self.discarded = self.forgotten = self.handed_out = self.opened = self.keeps = 0
        self.opening_s, self.renewed_after_s = 0.0, -1.0


# What SQLAlchemy does with a connection that is given back, or that nobody has any more.
_FINALIZE = getattr(getattr(pool_base, "_finalize_fairy", None), "__code__", None)
_Opened = tuple[Origin, "weakref.ref[Any]"]  # whose it is, and itself


class Engines:
    """Notes ``origin``, for each line that engines come from: how many connections are open, and counts up to now.

    The labels are those of ``Origin``. Connections past any pool count only where a request opens them.
    """

    def __init__(self) -> None:
        self._by_place: dict[Place | None, Origin] = {}
        self._by_dialect: dict[int, Origin] = {}
        self._starting: set[object] = set()  # the code that has made engines outside of requests
        self._began_s: dict[int, float] = {}
        self._opened: dict[int, _Opened] = {}
        self._unwatched: dict[str, str] = {}
        self.checked_out_at: Callable[[object], Place | None] = _unknown

    def watch(self) -> None:
        """Begin with all that is made and opened from now on."""
        self._unwatched = dict(DRIVERS)
        Engine.__init__ = self._telling_made(Engine.__init__)  # type: ignore[method-assign]  # there is no event
        Engine.dispose = self._telling_disposed(Engine.dispose)  # type: ignore[method-assign]  # one tells after it only
        event.listen(Engine, "do_connect", self._opens)
        event.listen(Pool, "connect", self._opened_by_pool)
        event.listen(Pool, "close", self._closed)
        event.listen(Pool, "invalidate", self._discarded)
        event.listen(Pool, "detach", self._discarded)

    def handed_out(self, pool: object) -> None:
        """Count a connection that a request gets."""
        origin = self._by_dialect.get(id(getattr(pool, "_dialect", None)))  # a pool that is made anew keeps it alone
        if origin is not None:
            origin.handed_out += 1

    def look(self, recorder: Recorder) -> None:
        """Note every origin, and meet the drivers that have been imported since."""
        for name in [name for name in self._unwatched if name in sys.modules]:
            self._watch_driver(name, self._unwatched.pop(name))
        for key, (_, connection) in list(self._opened.items()):
            if _is_gone(connection()):
                self._opened.pop(key, None)
        origins = [origin for origin, _ in list(self._opened.values())]
        for one in list(self._by_place.values()):
            recorder.take(TOLD, origins.count(one), *(getattr(one, name) for name in LABELS))

    def _origin(self, place: Place | None, kind: str = "engine") -> Origin:
        return self._by_place.setdefault(place, Origin(place, kind))

    def _telling_made(self, original: Call) -> Call:
        @wraps(original)
        def made(engine: Engine, pool: Pool, dialect: Any, *args: Any, **named: Any) -> None:  # noqa: ANN401 - as SQLAlchemy's
            original(engine, pool, dialect, *args, **named)
            frames = list(callers())
            if in_request := under_way.get() is not None:
                # a function that makes engines at the start as well is not to blame, but who calls it
                frames = [frame for frame in frames if frame.f_code not in self._starting] or frames
            else:
                self._starting.update(frame.f_code for frame in frames)
            origin = self._by_dialect[id(dialect)] = self._origin(place_of(frames[0]) if frames else None)
            origin.made += in_request

        return made

    def _telling_disposed(self, original: Call) -> Call:
        @wraps(original)
        def dispose(engine: Engine, *args: Any, **named: Any) -> None:  # noqa: ANN401 - as SQLAlchemy's
            origin = self._by_dialect.get(id(engine.dialect))
            if origin is not None and under_way.get() is not None:
                origin.disposed += 1
                origin.disposes = place_of(caller())
            original(engine, *args, **named)

        return dispose

    def _opens(self, _dialect: object, record: object, *_how: object) -> None:
        self._began_s[id(record)] = time.monotonic()

    def _opened_by_pool(self, _connection: object, record: Any) -> None:  # noqa: ANN401 - what makes it tells of no pool
        now_s = time.monotonic()
        took_s = now_s - self._began_s.pop(id(record), now_s)
        pool = getattr(record, "_ConnectionRecord__pool", None)
        origin = self._by_dialect.get(id(getattr(pool, "_dialect", None))) or self._origin(None)
        if isinstance(pool, QueuePool):
            origin.keeps, origin.renewed_after_s = pool.size(), pool._recycle  # noqa: SLF001 - told by nothing else
        self._note(origin, record, took_s)

    def _discarded(self, connection: object, record: object, error: BaseException | None = None) -> None:
        """Count a connection that a request takes from its pool for good, and not for an error.

        SQLAlchemy takes one that nobody has any more, and nobody has given back, where it can't make it fit for others.
        """
        origin, _ = self._opened.get(id(record), (None, None))
        if origin is None or error is not None:
            return
        if forgotten := _is_forgotten():
            place = self.checked_out_at(connection)
        elif under_way.get() is not None:
            place = place_of(caller())
        else:
            return
        origin.discarded += 1
        origin.forgotten += forgotten
        origin.discards = place or origin.discards

    def _closed(self, _connection: object, record: object) -> None:
        self._opened.pop(id(record), None)

    def _note(self, origin: Origin, opened: object, took_s: float) -> None:
        origin.opened += 1
        origin.opening_s += took_s
        self._opened[id(opened)] = (origin, weakref.ref(opened))

    def _past_pools(self, place: Place, connection: object, began_s: float) -> None:
        origin = self._origin(place, "driver")
        origin.handed_out += 1
        self._note(origin, connection, time.monotonic() - began_s)

    def _watch_driver(self, name: str, path: str) -> None:
        """Wrap what opens a connection, which is a function, a coroutine or a generator."""
        owner: Any = sys.modules[name]
        *owners, called = path.split(".")
        for part in owners:
            owner = getattr(owner, part, None)
        original = getattr(owner, called, None)
        if original is None:
            return
        around = {"psycopg2": self._of_call, "asyncpg.connect_utils": self._of_coroutine}.get(name, self._of_generator)
        setattr(owner, called, around(original))

    def _of_call(self, original: Call) -> Call:
        @wraps(original)
        def connect(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - as the driver's
            began_s, place = time.monotonic(), _past_pools_at()
            connection = original(*args, **named)
            if place is not None:
                self._past_pools(place, connection, began_s)
            return connection

        return connect

    def _of_coroutine(self, original: Call) -> Call:
        @wraps(original)
        async def connect(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - the same
            began_s, place = time.monotonic(), _past_pools_at()
            awaited: Awaitable[Any] = original(*args, **named)
            connection = await awaited
            if place is not None:
                self._past_pools(place, connection, began_s)
            return connection

        return connect

    def _of_generator(self, original: Call) -> object:
        function: Call = original.__func__  # type: ignore[attr-defined]  # of a class's method

        @wraps(function)
        def connect(*args: Any, **named: Any) -> Generator[Any, Any, Any]:  # noqa: ANN401 - the same
            began_s, place = time.monotonic(), _past_pools_at()
            connection = yield from function(*args, **named)
            if place is not None:
                self._past_pools(place, connection, began_s)
            return connection

        return classmethod(connect)


def _past_pools_at() -> Place | None:
    """Say where a request opens a connection, if it is a request, and no pool of SQLAlchemy's opens it for it."""
    request = under_way.get()
    if request is None or id(request) in connecting:
        return None
    return place_of(caller())


def _unknown(_connection: object) -> Place | None:
    return None


def _is_forgotten() -> bool:
    """Say whether SQLAlchemy does away with a connection here, by itself, that nobody has given back."""
    frame = sys._getframe()  # noqa: SLF001 - documented for this purpose
    while frame is not None and frame.f_code is not _FINALIZE:
        frame = frame.f_back  # type: ignore[assignment]  # None above the first
    return frame is not None and bool(variables_of(frame).get("is_gc_cleanup"))


def _is_gone(connection: Any) -> bool:  # noqa: ANN401 - a record of SQLAlchemy's, or a driver's connection
    """Say whether it has been closed, or nobody has it any more; of a record, its pool tells."""
    if connection is None:
        return True
    is_closed = getattr(connection, "is_closed", None)
    return bool(is_closed() if is_closed else getattr(connection, "closed", False))
