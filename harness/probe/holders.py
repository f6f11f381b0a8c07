"""Who holds the connections of the pool, what each holder is doing, and who waits for one.

Thirteen times a second a thread looks at every connection that is checked out and every request that is under way. A
connection whose request is over, and which nobody has given back, has leaked. Where it was checked out is read off the
stack, and once checkouts are many, for a share of them only: a leak that empties a pool is made of many.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from types import CodeType
from typing import Any, NamedTuple

from sqlalchemy import Pool, PoolProxiedConnection, event

from harness.probe import waits
from harness.probe.choice import Choice
from harness.probe.culprit import caller, name_at, name_of, of_application, waits_at
from harness.probe.looker import Look, Looker
from harness.probe.recorder import Recorder
from harness.probe.request import CONNECTION, DATABASE, ELSEWHERE, PHASES, PYTHON, THREAD, Request

LOOK_EVERY_S = 0.075
EARLY_S = 0.015  # sooner, if something else is looked at then
OVER = "over"  # what a holder does whose request has ended
NOBODYS = "background"  # what one does that no request has checked out


# A connection, which knows whether it is still checked out, and the fields of _Held: a plain tuple, as one is made for
# every request that asks the database something.
_Noted = tuple["weakref.ref[PoolProxiedConnection]", "Request | None", "CodeType | None", int, float, int]


class _Held(NamedTuple):
    """One connection that is checked out: for which request, by which line if that is known, since when, and where."""

    request: Request | None
    code: CodeType | None
    line: int
    since_s: float
    thread: int

    @property
    def culprit(self) -> str:
        """The line, in words; nothing if it is not known."""
        return name_at(self.code, self.line) if self.code else ""


class _Threads(NamedTuple):
    """The application's threads at one moment: which tasks have one, or wait for one, and whom each served last.

    That is the request for which a connection was last checked out there, of those that are still checked out.
    """

    having: Container[object] = ()
    waiting: Container[object] = ()
    served: Mapping[int, Request | None] = {}


class HolderProbe:
    """Notes ``in_use``, ``waiting`` and ``open`` of the pool, and connections opened, closed and invalidated.

    Labels of ``in_use``: how many holders are in each phase, or whose request is ``over``; of those that ask nothing of
    the database, the ``culprit`` is where the one stands that has held its connection longest: where it waits or, if it
    is over, where it checked out; and of those that ask the database something, where the longest one ``asks``.
    ``waiting`` are requests without a connection that wait for one (label ``connection``), for a ``thread`` or for
    something else (``elsewhere``); label ``in_thread`` counts those that have a thread, with a connection or without.
    Threads are those of AnyIO's default limiter, which Starlette and FastAPI use, but for the end of a dependency;
    where the application has no AnyIO, none are known. Tasks that serve no request count too, as they take them away.
    ``open`` are all connections, in use or not, with the ages of the youngest and the oldest as labels, ``youngest_s``
    and ``oldest_s``; the value of ``closed`` is the age that a connection came to.
    """

    def __init__(self, recorder: Recorder, looker: Looker, in_flight: Callable[[], int]) -> None:
        self._recorder = recorder
        self._looker = looker
        self._in_flight = in_flight
        # Threads change these by single operations of a dict, which are whole; so there is no lock to wait for. The
        # first is by the driver's connections, each with the last time that it was checked out.
        self._noted: dict[int, _Noted] = {}
        self._opened_s: dict[int, float] = {}
        self._named = Choice()
        event.listen(Pool, "invalidate", self._invalidated)
        event.listen(Pool, "connect", self._opened)
        event.listen(Pool, "close", self._closed)

    def start(self) -> None:
        """Begin to look at requests that are served by the loop of this thread."""
        self._loop, self._loops_thread = asyncio.get_running_loop(), threading.get_ident()
        to_thread = sys.modules.get("anyio.to_thread")
        self._limiter = to_thread.current_default_thread_limiter() if to_thread else None
        self._looker.add(self._look(), early_s=EARLY_S)

    def checked_out(self, connection: PoolProxiedConnection, request: Request | None) -> None:
        """Note a connection that a pool hands out; that it has been given back, it knows by itself."""
        frame = caller() if self._named.falls() else None
        code, line = (frame.f_code, frame.f_lineno) if frame else (None, 0)
        noted = (weakref.ref(connection), request, code, line, time.monotonic(), threading.get_ident())
        self._noted[id(connection.dbapi_connection)] = noted

    def _invalidated(self, _connection: object, _record: object, error: BaseException | None) -> None:
        self._recorder.note("pool", "invalidated", 1, error=type(error).__name__ if error else "")

    def _opened(self, _connection: object, record: object) -> None:
        self._opened_s[id(record)] = time.monotonic()
        self._recorder.note("pool", "opened", 1)

    def _closed(self, connection: object, record: object) -> None:
        self._noted.pop(id(connection), None)
        opened_s = self._opened_s.pop(id(record), None)
        if opened_s is not None:
            self._recorder.note("pool", "closed", time.monotonic() - opened_s)

    def _look(self) -> Look:
        while True:
            yield LOOK_EVERY_S
            self._look_once()  # which keeps no task alive until the next look

    def _look_once(self) -> None:
        held = [_Held(*noted[1:]) for noted in list(self._noted.values()) if _is_out(noted[0]())]
        opened_s = list(self._opened_s.values())
        has_thread: tuple[object, ...] = self._limiter.statistics().borrowers if self._limiter else ()
        # AnyIO's limiter tells how many wait, and not who.
        waits_for_thread = list(self._limiter._wait_queue) if self._limiter else []  # noqa: SLF001
        served = {one.thread: one.request for one in sorted(held, key=lambda one: one.since_s)}
        served.pop(self._loops_thread, None)
        threads = _Threads(has_thread, waits_for_thread, served)
        doing = [(_phase(one, threads), one) for one in held]
        asking = [one for phase, one in doing if phase == PHASES[DATABASE]]
        idle = [one for phase, one in doing if phase not in {PHASES[DATABASE], PHASES[CONNECTION]}]
        self._recorder.note(
            "pool",
            "in_use",
            len(held),
            culprit=_place_of_longest(idle, threads),
            asks=_place_of_longest(asking, threads),
            longest_s=_ages([one.since_s for one in held])[1],
            **Counter(phase for phase, _ in doing),
        )
        youngest_s, oldest_s = _ages(opened_s)
        self._recorder.note("pool", "open", len(opened_s), youngest_s=youngest_s, oldest_s=oldest_s)
        holding = {one.request.goes_on() for one in held if one.request}
        connecting = {request.goes_on() for request in list(waits.connecting)}
        waiting = {
            PHASES[CONNECTION]: len(connecting - holding),
            PHASES[THREAD]: sum(task not in holding for task in waits_for_thread),
            PHASES[ELSEWHERE]: self._waiting_elsewhere({*holding, *connecting, *waits_for_thread, *has_thread}),
        }
        self._recorder.note("pool", "waiting", sum(waiting.values()), in_thread=len(has_thread), **waiting)

    def _waiting_elsewhere(self, busy: set[Any]) -> int:
        """Count requests of which nobody has told anything, but for one that the loop may be running just now."""
        running = asyncio.current_task(self._loop)
        runs = running is not None and running not in busy
        return max(0, self._in_flight() - sum(task is not None and not task.done() for task in busy) - runs)


def _is_out(connection: PoolProxiedConnection | None) -> bool:
    """Whether it is checked out: what is given back is detached, as is what nobody has any more."""
    return connection is not None and not connection.is_detached


def _place_of_longest(held: Sequence[_Held], threads: _Threads) -> str:
    """Name where the one stands that has held its connection longest: to look at all of them would hold the loop up.

    One that is over stands nowhere any more, so it comes last if it is not known where it checked out.
    """

    def order(one: _Held) -> tuple[bool, float]:
        return _phase(one, threads) == OVER and not one.code, one.since_s

    return _place(min(held, key=order), threads) if held else ""


def _ages(began_s: Sequence[float]) -> tuple[str, str]:
    """Tell the least and the greatest age, 0 if there is none."""
    now_s = time.monotonic()
    return f"{now_s - max(began_s, default=now_s):.3f}", f"{now_s - min(began_s, default=now_s):.3f}"


def _phase(held: _Held, threads: _Threads) -> str:
    request = held.request
    if request is None:
        return NOBODYS
    if request.over:
        return OVER
    if request.phase in {CONNECTION, DATABASE}:  # the others are told of those only that are followed
        return PHASES[request.phase]
    task = request.goes_on()
    if task in threads.waiting:
        return PHASES[THREAD]
    runs = task in threads.having or getattr(request.coroutine, "cr_running", False)
    return PHASES[PYTHON if runs else ELSEWHERE]


def _place(held: _Held, threads: _Threads) -> str:
    """Name where a holder stands: the application's innermost call that waits or runs, else where it checked out.

    A thread is taken to be its own if it has one, and is the last that its thread is known to have served.
    """
    request = held.request
    if request is None or request.over:
        return held.culprit
    if request.goes_on() in threads.having and threads.served.get(held.thread) is request:
        frame = of_application(sys._current_frames().get(held.thread))  # noqa: SLF001 - documented for this purpose
        if frame:
            return name_of(frame)
    return waits_at(request.coroutine) or held.culprit
