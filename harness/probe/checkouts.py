"""Checkouts of the pool: who holds its connections, what each holder is doing, and who waits for one.

A thread looks at every connection that is checked out and every request that is under way. A connection whose request
is over, and which nobody has given back, has leaked. Where it was checked out is read off the stack, of requests that
are looked into only: a leak that empties a pool is made of many. What a holder is doing is read off its stack too, if
it has had its connection for long, or somebody waits: so it costs little where nothing is amiss.
"""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import CodeType

from sqlalchemy import Pool, PoolProxiedConnection, event

from harness.probe import dialects, waits
from harness.probe.call_site import Place, caller, line_of, place_at, place_of
from harness.probe.driver_pools import DriverPools
from harness.probe.engines import Engines
from harness.probe.holders import (
    BRIEFLY,
    Checkout,
    Holder,
    Stacks,
    holder_of,
    is_checked_out,
    place_of_longest,
    where_wanted,
)
from harness.probe.pools import Lent, capacity, crowds, spare
from harness.probe.readings import stacks_of_threads
from harness.probe.recorder import Recorder
from harness.probe.request import CONNECTION, DATABASE, ELSEWHERE, PHASES, THREAD, Came, Mark, came, current_task
from harness.probe.sampler import Look, Sampler
from harness.probe.served import looked_into
from harness.probe.workers import AtWork, Workers

LOOK_EVERY_S = 0.075
EARLY_S = 0.015  # sooner, if something else is looked at then
BRIEFLY_S = 0.05


# A connection, which knows whether it is still checked out, and the fields of a Checkout: a plain tuple, as one is made
# for every request that asks the database something.
_Noted = tuple["weakref.ref[PoolProxiedConnection] | Lent", "Mark", "Came | None", "CodeType | None", int, float]


class CheckoutProbe:
    """Notes ``in_use``, ``waiting`` and ``open`` of the pool, and connections opened, closed and invalidated.

    Labels of ``in_use``: how many holders are in each phase, or have a connection ``briefly`` while nobody waits, or
    whose request is ``over``; of those that ask nothing of the database, the ``call_site`` is where the one stands that
    has held its connection longest: where it waits or, if it is over, where it checked out; and of those that ask the
    database something, where the longest one ``asks``. ``wants`` is where a thread waits that has no connection.
    ``waiting`` are requests without a connection that wait for one (label ``connection``), for a ``thread`` or for
    something else (``elsewhere``); label ``in_thread`` counts those that have a thread, with a connection or without,
    and ``full`` those that ask a pool which has none left, with a connection or without; of these pools, ``capacity``
    is how many they may have together, and ``spare`` how many those pools have left of which some are in use. Of those
    that have one and ask for ``another``, that is where the longest stands, and ``has`` is where it got its own.
    Threads are those of AnyIO's default limiter, which Starlette and FastAPI use, but for the end of a dependency;
    where the application has no AnyIO, none are known. Tasks that serve no request count too, as they take them away.
    ``open`` are all connections, in use or not, with the ages of the youngest and the oldest as labels, ``youngest_s``
    and ``oldest_s``; the value of ``closed`` is the age that a connection came to. What ``engines`` know is noted with
    it. ``late_s``, where stacks were read, is how long the process took to come to a look and the loop to answer it.
    """

    def __init__(
        self, recorder: Recorder, sampler: Sampler, in_flight: Callable[[], int], engines: Engines | None = None
    ) -> None:
        self._engines = engines or Engines()
        self._engines.checked_out_at = self._checked_out_at
        self._recorder = recorder
        self._sampler = sampler
        self._in_flight = in_flight
        self._loops_thread = 0
        # Threads change these by single operations of a dict, which are whole; so there is no lock to wait for. The
        # first is by the driver's connections, each with the last time that it was checked out.
        self._noted: dict[int, _Noted] = {}
        self._opened_s: dict[int, float] = {}
        self._has_at: dict[Place, Place] = {}  # by where a request has asked for another, where it got its first
        self._loop_is_asked = False
        self._driver_pools = DriverPools(recorder, self)
        dialects.meet()
        event.listen(Pool, "invalidate", self._invalidated)
        event.listen(Pool, "connect", self._opened)
        event.listen(Pool, "close", self._closed)

    def start(self) -> None:
        """Begin to look at requests that are served by the loop of this thread."""
        self._loop, self._loops_thread = asyncio.get_running_loop(), threading.get_ident()
        self._workers = Workers()
        self._looks = self._sampler.add(self._look(), early_s=EARLY_S)

    def asks(self, request: Mark) -> None:
        """Note that a request which is looked into asks for a connection: it may have one already."""
        for connection, holder, _, code, line, _ in list(self._noted.values()):
            if holder is request and code is not None and is_checked_out(connection()):
                self._has_at[place_of(caller())] = place_at(code, line)

    def checked_out(self, pool: object, connection: PoolProxiedConnection | Lent, request: Mark) -> None:
        """Note a connection that a pool hands out; that it has been given back, it knows by itself."""
        if request is not None:
            self._engines.handed_out(pool)
        frame = caller() if request is None or looked_into.get() else None
        code, line = (frame.f_code, line_of(frame)) if frame else (None, 0)
        task = current_task(self._loop) if threading.get_ident() == self._loops_thread else None
        asked_in = weakref.ref(task) if task is not None else None
        known = connection if isinstance(connection, Lent) else weakref.ref(connection)
        self._noted[id(connection.dbapi_connection)] = (known, request, asked_in, code, line, time.monotonic())

    def holding(self) -> set[int]:
        """Return the numbers of the tasks that requests came in which have a connection, of those that are not over."""
        return _numbers([noted[1] for noted in list(self._noted.values()) if is_checked_out(noted[0]())])

    def _checked_out_at(self, connection: object) -> Place | None:
        """Say where one of the driver's connections was checked out last, if that is known."""
        noted = self._noted.get(id(connection))
        checkout = Checkout(*noted[1:]) if noted is not None else None
        return place_at(checkout.code, checkout.line) if checkout is not None and checkout.code is not None else None

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
        now_s = time.monotonic()
        self._engines.look(self._recorder)
        self._driver_pools.meet()
        out = [noted for noted in list(self._noted.values()) if is_checked_out(noted[0]())]
        held = [Checkout(*noted[1:]) for noted in out]
        opened_s = list(self._opened_s.values())
        work = self._workers.look()
        holding = _numbers([one.request for one in held])
        asked = list(waits.connecting.values())
        connecting = _numbers([request for request, _ in asked])
        having, threadless = ({work.root(task) for task in tasks} for tasks in (work.having, work.waiting))
        waiting = {
            PHASES[CONNECTION]: len(connecting - holding),
            PHASES[THREAD]: len(threadless - holding),
            PHASES[ELSEWHERE]: self._waiting_elsewhere(holding | connecting | having | threadless, work),
        }
        short = threadless or connecting - holding or (waiting[PHASES[ELSEWHERE]] and len(held) >= len(opened_s))
        closer = [bool(short) or now_s - one.since_s >= BRIEFLY_S for one in held]
        if any(closer):
            self._ask_loop(min(now_s, self._looks.due_s))  # first: asyncio's own loop lets other threads run meanwhile
        stacks = self._stacks(work) if any(closer) else None
        holders = [holder_of(one, stacks if looked_at else None) for one, looked_at in zip(held, closer, strict=True)]
        asking = [one for one in holders if one.phase == PHASES[DATABASE]]
        idle = [one for one in holders if one.phase not in {PHASES[DATABASE], PHASES[CONNECTION], BRIEFLY}]
        self._recorder.note(
            "pool",
            "in_use",
            len(held),
            call_site=place_of_longest(idle),
            asks=place_of_longest(asking),
            wants=where_wanted(stacks, holding) if stacks else None,
            **self._wanting_another(holders),
            longest_s=_ages([one.since_s for one in held], now_s)[1],
            **Counter(one.phase for one in holders),
        )
        youngest_s, oldest_s = _ages(opened_s, now_s)
        self._recorder.note("pool", "open", len(opened_s), youngest_s=youngest_s, oldest_s=oldest_s)
        handed_out = [noted[0]() for noted in out]
        crowd = crowds([pool for _, pool in asked], handed_out)
        self._recorder.note(
            "pool",
            "waiting",
            sum(waiting.values()),
            in_thread=len(work.having),
            full=sum(crowd.values()),
            capacity=sum(capacity(pool) or 0 for pool in crowd),
            spare=spare(handed_out),
            **waiting,
        )

    def _wanting_another(self, holders: Sequence[Holder]) -> dict[str, Place | None]:
        """Say where the longest of those that have a connection asks for another, and where it got its own."""
        wanting = [one for one in holders if one.phase == PHASES[CONNECTION]]
        if not wanting:
            return {}
        another = place_of_longest(wanting)
        own = next((place_at(one.held.code, one.held.line) for one in wanting if one.held.code), None)
        return {"another": another, "has": self._has_at.get(another, own) if another else own}

    def _ask_loop(self, due_s: float) -> None:
        """Ask the loop for a sign of life, unless it has yet to answer; a look was to be at ``due_s``."""
        if not self._loop_is_asked:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._answer, due_s)
                self._loop_is_asked = True

    def _answer(self, due_s: float) -> None:
        self._loop_is_asked = False
        self._recorder.note("pool", "late_s", time.monotonic() - due_s)

    def _stacks(self, work: AtWork) -> Stacks:
        frames = stacks_of_threads()
        return Stacks(work, self._workers.serving(frames), frames.get(self._loops_thread))

    def _waiting_elsewhere(self, busy: set[int], work: AtWork) -> int:
        """Count requests of which nothing is known, but for one that the loop may be running just now."""
        running = asyncio.current_task(self._loop)
        runs = running is not None and work.root(running) not in busy
        return max(0, self._in_flight() - len(busy) - runs)


def _numbers(requests: Sequence[Mark]) -> set[int]:
    """Return the numbers of the tasks that these requests came in, of those that are not over."""
    tasks = [task() for task in map(came, requests) if task is not None]
    return {id(task) for task in tasks if task is not None and not task.done()}


def _ages(began_s: Sequence[float], now_s: float) -> tuple[float, float]:
    """Return the least and the greatest age, 0 if there is none."""
    return now_s - max(began_s, default=now_s), now_s - min(began_s, default=now_s)
