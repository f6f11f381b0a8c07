"""One request that is under way, and the phase that it is in: told by those that see it wait, and read by others."""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Coroutine
from contextvars import ContextVar
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
    """One request that is under way, and its phase, as far as somebody tells it.

    Made in the ``task`` that serves it, and over with it; ``goes_on`` is the task that was last seen to go on with it,
    as some middleware hands a request on to another. Tasks are held by weak references, as a task's context holds the
    request: a ring would be left for the garbage collector, each time.
    """

    phase = PYTHON

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = self.goes_on = weakref.ref(task)

    @property
    def over(self) -> bool:
        """Whether it is served."""
        task = self.task()
        return task is None or task.done()

    @property
    def coroutine(self) -> Coroutine[Any, Any, Any] | None:
        """What goes on with it, by which it is known where it waits; None if that has ended."""
        task = self.goes_on()
        return task.get_coro() if task else None  # type: ignore[return-value]  # a task's is no mere awaitable

    def look_for_its_task(self) -> None:
        """See which task goes on with it; in a thread there is none to see."""
        try:
            task = asyncio.current_task()
        except RuntimeError:
            return
        if task is not None and task is not self.goes_on():
            self.goes_on = weakref.ref(task)


class Followed(Request):
    """One request whose time is split.

    Times are in seconds of ``time.perf_counter``, by phase in ``parts_s``; ``sent_bytes`` are of its answer's body so
    far, and ``serving`` is the application's coroutine, which is driven step by step.
    """

    serving: Coroutine[Any, Any, None]

    def __init__(self, task: asyncio.Task[Any]) -> None:
        super().__init__(task)
        self._phase, self._since_s = PYTHON, time.perf_counter()
        self.parts_s = [0.0, 0.0, 0.0, 0.0, 0.0]
        self.sent_bytes = 0
        self.handed_on = ""
        self.told_s: tuple[float, ...] = ()

    @property
    def coroutine(self) -> Coroutine[Any, Any, Any] | None:
        """What goes on with it: its task's own leads no further than to where it is driven step by step."""
        return self.serving if self.goes_on is self.task else super().coroutine

    @property
    def phase(self) -> int:
        """The phase that it is in; to set it ends one, and begins the next."""
        return self._phase

    @phase.setter
    def phase(self, phase: int) -> None:
        now_s = time.perf_counter()
        self.parts_s[self._phase] += now_s - self._since_s
        self._phase, self._since_s = phase, now_s

    def answered(self) -> None:
        """Know that the last of its answer is sent: ``told_s`` are its parts up to then.

        What an application does afterwards is no part of what its client waited for.
        """
        if not self.told_s:
            self.phase = self._phase  # so that its parts are up to now
            self.told_s = tuple(self.parts_s)

    def look_for_its_task(self) -> None:
        """See which task goes on with it, and if that is not the one that it came in, where that one waits for it."""
        super().look_for_its_task()
        if self.goes_on is not self.task and not self.handed_on:
            self.handed_on = waits_at(self.serving) or "the framework"


# What this is part of: a request, one of which nothing is known yet (True), or none.
under_way: ContextVar[Request | bool] = ContextVar("twinbench_request", default=False)


def here() -> Request | None:
    """Return the request that this is part of, if any; one is made of it when it is first asked for.

    Most is never asked of requests that need neither a thread nor the database, so they cost nothing.
    """
    request = under_way.get()
    if request is False:
        return None
    if request is True:
        try:
            task = asyncio.current_task()
        except RuntimeError:  # in a thread that the application has started itself, there is no task
            return None
        if task is None:
            return None
        request = Request(task)
        under_way.set(request)
    return request
