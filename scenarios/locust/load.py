"""The load of one trial: whether its clients may send now, and how many requests are under way."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import gevent
import gevent.event

from harness.model.plan import Order
from harness.model.workload import Workload
from scenarios.locust.recorder import Recorder


class NoMoreTurns(Exception):
    """The load will not be put on again."""


@dataclass(kw_only=True, eq=False)
class Load:
    """The load of one trial, shared by its clients, who send while it is their turn.

    Who is behind its pace at the end sends what was due by then, if the load ``catches_up``; else that is lost.
    ``turns`` is how many have begun, ``stop_ns`` when the last one ended, once it has, and ``took_ns`` how long
    requests of it took. ``at_end`` is what each client does when a turn has been drained. Without a recorder nothing is
    recorded but Locust's own statistics.
    """

    order: Order
    workload: Workload
    recorder: Recorder | None
    catches_up: bool = False
    numbers: Iterator[int] = field(default_factory=itertools.count)  # gives each client its own
    at_end: list[Callable[[], None]] = field(default_factory=list)
    turns: int = 0
    spread_s: float = 0.0
    stop_ns: int = sys.maxsize
    took_ns: list[int] = field(default_factory=list)
    _live: bool = False
    _closed: bool = False
    _in_flight: int = 0
    _go: gevent.event.Event = field(default_factory=gevent.event.Event)
    _over: gevent.event.Event = field(default_factory=gevent.event.Event)
    _idle: gevent.event.Event = field(default_factory=gevent.event.Event)

    def begin(self, spread_s: float = 0.0) -> int:
        """Let all clients go, each at a moment within ``spread_s``, and return when, on the monotonic clock."""
        self.stop_ns = sys.maxsize
        self.took_ns.clear()
        self.spread_s = spread_s
        self.turns += 1
        self._live = True
        self._over.clear()
        now_ns = time.monotonic_ns()
        self._go.set()
        return now_ns

    def end(self) -> int:
        """Let no client send another request, and return when, on the monotonic clock."""
        now_ns = self.stop_ns = time.monotonic_ns()
        self._live = False
        self._go.clear()
        self._over.set()
        return now_ns

    def drain(self, timeout_s: float) -> None:
        """Wait until the last request has ended, and let each client note what it leaves.

        Raises:
            TimeoutError: It did not end.
        """
        gevent.sleep(0)  # who is behind begins now
        if self._in_flight and not self._idle.wait(timeout_s):
            raise TimeoutError(f"{self._in_flight} requests had no answer {timeout_s:.0f} s after the last was sent")
        for act in self.at_end:
            act()

    def close(self) -> None:
        """Let all clients that wait end."""
        self._closed = True
        self._go.set()

    def await_turn(self) -> None:
        """Wait until clients may send.

        Raises:
            NoMoreTurns: They never will.
        """
        while not self._live:
            if self._closed:
                raise NoMoreTurns
            self._go.wait()

    def goes_on(self, wait_s: float) -> bool:
        """Wait so long, or until the turn is over, and say whether it still lasts."""
        turn = self.turns
        if wait_s > 0:
            self._over.wait(wait_s)
        # and not what that returned: a turn may end between the end of a wait and the moment when it is noticed
        return self._live and self.turns == turn

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
