"""Who holds the connections of the pool, what each holder is doing, and who waits for one.

Thirteen times a second a thread looks at every connection that is checked out and every request that is under way. A
connection whose request is over, and which nobody has given back, has leaked. Where it was checked out is read off the
stack, and once checkouts are many, for a share of them only: a leak that empties a pool is made of many.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from types import CodeType
from typing import NamedTuple

from sqlalchemy import Pool, event

from harness.probe import waits
from harness.probe.choice import Choice
from harness.probe.culprit import caller, name_at, name_of, of_application, waits_at
from harness.probe.looker import Look, Looker
from harness.probe.recorder import Recorder
from harness.probe.request import CONNECTION, DATABASE, ELSEWHERE, PHASES, THREAD, Request, here

LOOK_EVERY_S = 0.075
EARLY_S = 0.015  # sooner, if something else is looked at then
OVER = "over"  # what a holder does whose request has ended
NOBODYS = "background"  # what one does that no request has checked out


# The fields of _Held: a plain tuple, as one is made for every request that asks the database something.
_Noted = tuple["Request | None", "CodeType | None", int, float]


class _Held(NamedTuple):
    """One connection that is checked out: for which request, by which line if that is known, and since when."""

    request: Request | None
    code: CodeType | None
    line: int
    since_s: float

    @property
    def culprit(self) -> str:
        """The line, in words; nothing if it is not known."""
        return name_at(self.code, self.line) if self.code else ""


class HolderProbe:
    """Notes ``in_use``, ``waiting`` and ``open`` of the pool, and connections opened, closed and invalidated.

    Labels of ``in_use``: how many holders are in each phase, or whose request is ``over``; of those that ask nothing of
    the database, the ``culprit`` is where the one stands that has held its connection longest: where it waits or, if it
    is over, where it checked out; and of those that ask the database something, where the longest one ``asks``.
    ``waiting`` are requests without a connection that wait for one (label ``connection``), for a ``thread`` or for
    something else (``elsewhere``); label ``in_thread`` counts those that have a thread, with a connection or without.
    ``open`` are all connections, in use or not, with the ages of the youngest and the oldest as labels, ``youngest_s``
    and ``oldest_s``; the value of ``closed`` is the age that a connection came to.
    """

    def __init__(self, recorder: Recorder, looker: Looker, in_flight: Callable[[], int]) -> None:
        self._recorder = recorder
        self._looker = looker
        self._in_flight = in_flight
        # Threads change these by single operations of a dict, which are whole; so there is no lock to wait for.
        self._held: dict[int, _Noted] = {}
        self._opened_s: dict[int, float] = {}
        self._named = Choice()
        event.listen(Pool, "checkout", self._checked_out)
        event.listen(Pool, "checkin", self._checked_in)
        event.listen(Pool, "invalidate", self._invalidated)
        event.listen(Pool, "connect", self._opened)
        event.listen(Pool, "close", self._closed)

    def start(self) -> None:
        """Begin to look at requests that are served by the loop of this thread."""
        self._loop = asyncio.get_running_loop()
        self._looker.add(self._look(), early_s=EARLY_S)

    def _checked_out(self, _connection: object, record: object, _proxy: object) -> None:
        request = here()
        frame = caller() if self._named.falls() else None
        code, line = (frame.f_code, frame.f_lineno) if frame else (None, 0)
        self._held[id(record)] = (request, code, line, time.monotonic())
        if request:
            request.connections += 1

    def _checked_in(self, _connection: object, record: object) -> None:
        held = self._held.pop(id(record), None)
        if held and held[0]:
            held[0].connections -= 1

    def _invalidated(self, _connection: object, _record: object, error: BaseException | None) -> None:
        self._recorder.note("pool", "invalidated", 1, error=type(error).__name__ if error else "")

    def _opened(self, _connection: object, record: object) -> None:
        self._opened_s[id(record)] = time.monotonic()
        self._recorder.note("pool", "opened", 1)

    def _closed(self, _connection: object, record: object) -> None:
        opened_s = self._opened_s.pop(id(record), None)
        if opened_s is not None:
            self._recorder.note("pool", "closed", time.monotonic() - opened_s)

    def _look(self) -> Look:
        while True:
            yield LOOK_EVERY_S
            held = [_Held(*noted) for noted in list(self._held.values())]
            opened_s = list(self._opened_s.values())
            doing = [(_phase(one), one) for one in held]
            asking = [one for phase, one in doing if phase == PHASES[DATABASE]]
            idle = [one for phase, one in doing if phase not in {PHASES[DATABASE], PHASES[CONNECTION]}]
            threaded, connecting = list(waits.threaded), list(waits.connecting)
            self._recorder.note(
                "pool",
                "in_use",
                len(held),
                culprit=_place_of_longest(idle),
                asks=_place_of_longest(asking),
                longest_s=_ages([one.since_s for one in held])[1],
                **Counter(phase for phase, _ in doing),
            )
            youngest_s, oldest_s = _ages(opened_s)
            self._recorder.note("pool", "open", len(opened_s), youngest_s=youngest_s, oldest_s=oldest_s)
            busy = {*threaded, *connecting, *(one.request for one in held if one.request and not one.request.over)}
            waiting = {
                PHASES[CONNECTION]: sum(not one.connections for one in connecting),
                PHASES[THREAD]: sum(one.phase == THREAD and not one.connections for one in threaded),
                PHASES[ELSEWHERE]: self._waiting_elsewhere(busy),
            }
            in_thread = sum(one.thread is not None for one in threaded)
            self._recorder.note("pool", "waiting", sum(waiting.values()), in_thread=in_thread, **waiting)

    def _waiting_elsewhere(self, busy: set[Request]) -> int:
        """Count requests of which nobody has told anything, but for one that the loop may be running just now."""
        running = asyncio.current_task(self._loop)
        runs = running is not None and all(one.task() is not running for one in busy)
        return max(0, self._in_flight() - len(busy) - runs)


def _place_of_longest(held: Sequence[_Held]) -> str:
    """Name where the one stands that has held its connection longest: to look at all of them would hold the loop up.

    One that is over stands nowhere any more, so it comes last if it is not known where it checked out.
    """
    return _place(min(held, key=lambda one: (_phase(one) == OVER and not one.code, one.since_s))) if held else ""


def _ages(began_s: Sequence[float]) -> tuple[str, str]:
    """Tell the least and the greatest age, 0 if there is none."""
    now_s = time.monotonic()
    return f"{now_s - max(began_s, default=now_s):.3f}", f"{now_s - min(began_s, default=now_s):.3f}"


def _phase(held: _Held) -> str:
    if held.request is None:
        return NOBODYS
    return OVER if held.request.over else PHASES[held.request.phase_now()]


def _place(held: _Held) -> str:
    """Name where a holder stands: the application's innermost call that waits or runs, else where it checked out."""
    if held.request is None or held.request.over:
        return held.culprit
    thread = held.request.thread
    if thread is None:
        return waits_at(held.request.coroutine) or held.culprit
    frame = of_application(sys._current_frames().get(thread))  # noqa: SLF001 - documented for this purpose
    return name_of(frame) if frame else held.culprit
