"""The schedule of the clients: which load they put on now, if any, and when the last request of it has ended."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import gevent.event

from harness.model.plan import Order
from harness.model.workload import Workload
from scenarios.locust.recorder import Recorder


@dataclass(kw_only=True, eq=False)
class Load:
    """The load of one trial, shared by its clients.

    ``stop_ns`` is when the load ended, once it has, and ``took_ns`` how long requests of this slice took. ``at_end`` is
    what each client does when a slice has ended. Without a recorder nothing is recorded but Locust's own statistics.
    """

    order: Order
    workload: Workload
    recorder: Recorder | None
    at_end: list[Callable[[], None]] = field(default_factory=list)
    stop_ns: int = sys.maxsize
    took_ns: list[int] = field(default_factory=list)


class NoMoreLoads(Exception):
    """All loads have been put on."""


class Schedule:
    """Hands the clients of one or more loads from one to another: each puts on whichever is live, or waits."""

    def __init__(self, loads: Sequence[Load]) -> None:
        self.loads = loads
        self.numbers = itertools.count()  # gives each user its own
        self.begun = 0  # how many slices
        self.spread_s = 0.0
        self._live: Load | None = None
        self._closed = False
        self._in_flight = 0
        self._go, self._over, self._idle = (gevent.event.Event() for _ in range(3))
        self._idle.set()

    def begin(self, load: Load, spread_s: float = 0.0) -> int:
        """Let all clients go, each at a moment within ``spread_s``, and return when, on the monotonic clock."""
        load.stop_ns = sys.maxsize
        load.took_ns.clear()
        self.spread_s = spread_s
        self._live = load
        self.begun += 1
        self._over.clear()
        now_ns = time.monotonic_ns()
        self._go.set()
        return now_ns

    def end(self) -> int:
        """Let no client send another request, and return when, on the monotonic clock."""
        assert self._live is not None  # noqa: S101 - a mistake of ours
        now_ns = self._live.stop_ns = time.monotonic_ns()
        self._live = None
        self._go.clear()
        self._over.set()
        return now_ns

    def drain(self, timeout_s: float) -> int:
        """Wait until the last request has ended, and return when, on the monotonic clock.

        Raises:
            TimeoutError: It did not.
        """
        if not self._idle.wait(timeout_s):
            raise TimeoutError(f"{self._in_flight} requests had no answer {timeout_s:.0f} s after the end of a slice")
        return time.monotonic_ns()

    def close(self) -> None:
        """Let all clients that wait end."""
        self._closed = True
        self._go.set()

    def await_load(self) -> Load:
        """Wait until a load is live, and return it.

        Raises:
            NoMoreLoads: There will be no more.
        """
        while self._live is None:
            if self._closed:
                raise NoMoreLoads
            self._go.wait()
        return self._live

    def goes_on(self, load: Load, wait_s: float) -> bool:
        """Wait so long, or until the slice is over, and say whether it is still this load's turn."""
        if wait_s > 0:
            self._over.wait(wait_s)
        # and not what that returned: a slice may end between the end of a wait and the moment when it is noticed
        return self._live is load

    @contextmanager
    def in_flight(self) -> Iterator[None]:
        """Count a request, or one with its repetitions, as under way."""
        self._in_flight += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()
