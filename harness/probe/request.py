"""Requests that are under way: which of them something is part of, and the phase that one is in."""

from __future__ import annotations

import asyncio
import sys
import time
import weakref
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any

from harness.probe.call_site import Place, is_asked, stack, waits_at

# What a request is doing. Plain numbers, as a request changes its phase a dozen times and an enum's members are slower.
PYTHON = 0  # it runs, in the event loop or in a thread
THREAD = 1  # it waits for a thread
CONNECTION = 2  # it waits for a connection of the pool
DATABASE = 3  # it opens a connection, or has a statement, a commit or a rollback under way
ELSEWHERE = 4  # it waits for something else: another service, a lock, its client, its turn in the loop
PHASES = ("python", "thread", "connection", "database", "elsewhere")  # their names, by number


class Followed:
    """One request whose time is split, by those who see it wait and tell it its phase.

    Made in the ``task`` that it comes in. Times are in seconds of ``time.perf_counter``, by phase in ``parts_s``;
    ``sent_bytes`` are of its answer's body so far, and ``serving`` is the application's coroutine, which is driven step
    by step.
    """

    serving: Coroutine[Any, Any, None]

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self.task = weakref.ref(task)
        self._phase, self._since_s = PYTHON, time.perf_counter()
        self.parts_s = [0.0, 0.0, 0.0, 0.0, 0.0]
        self.sent_bytes = 0
        self.handed_on: Place | None = None
        self.told_s: tuple[float, ...] = ()

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
        """Note that the last of its answer is sent: ``told_s`` are its parts up to then.

        What an application does afterwards is no part of what its client waited for.
        """
        if not self.told_s:
            self.phase = self._phase  # so that its parts are up to now
            self.told_s = tuple(self.parts_s)

    def look_for_its_task(self) -> None:
        """Note whether another task goes on with it than it came in, and if so, where that one waits for it.

        A task that only asks something on its behalf serves no request: no ASGI application is called in it.
        """
        try:
            task = asyncio.current_task()
        except RuntimeError:  # in a thread there is none to see
            return
        if task is not None and task is not self.task() and not self.handed_on and any(map(is_asked, stack())):
            self.handed_on = waits_at(self.serving)


# A request, as others know it: by the task that it came in, which it is over with. Tasks are held by weak references:
# a task's context holds the request, and the ring would be left for the garbage collector each time.
Came = weakref.ref[asyncio.Task[Any]]

# A request that is followed, one that is not, or none.
Mark = Followed | Came | None

# What this is part of.
under_way: ContextVar[Mark] = ContextVar("twinbench_request", default=None)


# The task that a loop runs; until 3.12 Python's own was a function of Python's, which took a request twice as long.
current_task: Callable[[asyncio.AbstractEventLoop], asyncio.Task[Any] | None] = (
    asyncio.current_task if sys.version_info >= (3, 12) else asyncio.tasks._current_tasks.get  # type: ignore[attr-defined]  # noqa: SLF001 - what that function reads
)


def beginning(loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """Return what makes all that a task of this loop does from now on part of a request; called for each request."""
    let, current, ref = under_way.set, current_task, weakref.ref

    def begin() -> None:
        let(ref(current(loop)))  # type: ignore[arg-type]  # a request is served by a task

    return begin


def came(request: Mark) -> Came | None:
    """Return the task that a request came in."""
    return request.task if isinstance(request, Followed) else request
