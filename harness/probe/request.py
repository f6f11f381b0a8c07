"""One request that is under way, and the phase that it is in: told by those that see it wait, and read by others."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from contextvars import ContextVar
from types import CoroutineType
from typing import Any

from harness.probe.culprit import waits_at

# What a request is doing. Plain numbers, as a request changes its phase a dozen times and an enum's members are slower.
PYTHON = 0  # it runs, in the event loop or in a thread
THREAD = 1  # it waits for a thread
CONNECTION = 2  # it waits for a connection of the pool
DATABASE = 3  # it opens a connection, or has a statement, a commit or a rollback under way
ELSEWHERE = 4  # it waits for something else: another service, a lock, its client, its turn in the loop
PHASES = ("python", "thread", "connection", "database", "elsewhere")  # their names, by number


class Request:
    """One request that is under way: its phase, the thread that it has, and the connections.

    Made for every request where the pool is watched, and so as cheap as can be: what it begins with is the class's.
    """

    coroutine: CoroutineType[Any, Any, None]
    phase = PYTHON
    connections = 0
    thread: int | None = None
    over = False

    def enter(self, phase: int) -> int:
        """Begin another phase, and return the one that ends."""
        before = self.phase
        self.phase = phase
        return before

    def phase_now(self) -> int:
        """Say what it is doing; asked by another thread. Of one that is not followed, only this tells that it waits."""
        if self.phase == PYTHON and self.thread is None and not self.coroutine.cr_running:
            return ELSEWHERE
        return self.phase

    def look_for_its_task(self) -> None:
        """See whether it was handed on: nobody asks that of one that is not followed."""


class Followed(Request):
    """One request whose time is split.

    Times are in seconds of ``time.perf_counter``, by phase in ``parts_s``; ``task`` is the one that it came in, and
    ``sent_bytes`` are of its answer's body so far.
    """

    def __init__(self) -> None:
        self.task = asyncio.current_task()
        self.began_s = self.since_s = time.perf_counter()
        self.parts_s = [0.0, 0.0, 0.0, 0.0, 0.0]
        self.sent_bytes = 0
        self.handed_on = ""

    def enter(self, phase: int) -> int:
        """Begin another phase, and return the one that ends."""
        now_s = time.perf_counter()
        before = self.phase
        self.parts_s[before] += now_s - self.since_s
        self.phase, self.since_s = phase, now_s
        return before

    def look_for_its_task(self) -> None:
        """See whether the task that goes on with it is the one that it came in; in a thread there is none to see."""
        if self.handed_on:
            return
        with suppress(RuntimeError):
            if asyncio.current_task() is not self.task:
                self.handed_on = waits_at(self.coroutine) or "the framework"


under_way: ContextVar[Request | None] = ContextVar("twinbench_phases", default=None)
