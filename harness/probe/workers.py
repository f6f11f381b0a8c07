"""AnyIO's threads, which Starlette and FastAPI use: who has one, who waits for one, and for which request each works.

AnyIO tells how many wait, and not who; and of a thread, nothing. So this reads what AnyIO itself goes by: the queue of
its limiter, the call that each thread carries out, and which task has started which.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from contextvars import Context
from types import CodeType, FrameType
from typing import Any, NamedTuple

from harness.probe.request import came, under_way
from harness.probe.variables import variables_of

Task = asyncio.Task[Any]


class AtWork(NamedTuple):
    """AnyIO's threads and tasks at one moment.

    Attributes:
        having: Tasks that have a thread, or are about to.
        waiting: Tasks that wait for one.
        parents: By which task one has been started, of tasks of task groups, by their numbers, which are their ``id``.
        children: Which tasks one has started, by its number.
    """

    having: tuple[Task, ...]
    waiting: tuple[Task, ...]
    parents: Mapping[int, int]
    children: Mapping[int, list[Task]]

    def root(self, task: Task) -> int:
        """Return the number of the first of the tasks that have led to this one."""
        number = id(task)
        for _ in self.parents:  # as many steps at most: the number of a task that is gone may be another's now
            number = self.parents.get(number, number)
        return number

    def family(self, task: Task) -> list[Task]:
        """Return a task and all that it has started that go on, the first started first."""
        tasks = [task]
        for one in tasks:
            tasks += [child for child in self.children.get(id(one), ()) if child not in tasks]
        return tasks


IDLE = AtWork((), (), {}, {})


class Workers:
    """A view of AnyIO's default limiter of the event loop that runs in this thread, if the application has AnyIO."""

    def __init__(self) -> None:
        to_thread = sys.modules.get("anyio.to_thread")
        self._limiter: Any = to_thread.current_default_thread_limiter() if to_thread else None
        self._backend: Any = sys.modules.get("anyio._backends._asyncio")

    @property
    def limiter(self) -> object:
        """What a request waits at for a thread; None without AnyIO."""
        return self._limiter

    def any_at_work(self) -> bool:
        """Say whether any thread is in use."""
        return self._limiter is not None and self._limiter.borrowed_tokens > 0

    def look(self) -> AtWork:
        """Return who has threads, and who waits."""
        if self._limiter is None:
            return IDLE
        parents: dict[int, int] = {}
        children: dict[int, list[Task]] = {}
        states = self._backend._task_states  # noqa: SLF001 - told by nothing else to another thread
        for task in [known() for known in states.keyrefs()]:  # at once, as the loop's thread goes on to change it
            state = states.get(task) if task is not None and not task.done() else None
            if state is not None and state.parent_id is not None:
                parents[id(task)] = state.parent_id
                children.setdefault(state.parent_id, []).append(task)
        return AtWork(
            having=self._limiter.statistics().borrowers,
            waiting=tuple(self._limiter._wait_queue),  # noqa: SLF001 - the same
            parents=parents,
            children=children,
        )

    def serving(self, frames: Mapping[int, FrameType]) -> dict[int, FrameType]:
        """Return those of these stacks of threads that work for requests, by the numbers of the tasks they came in."""
        if self._limiter is None:
            return {}
        work = self._backend.WorkerThread.run.__code__
        served = ((_served(frame, work), frame) for frame in frames.values())
        return {id(task): frame for task, frame in served if task is not None}


def _served(frame: FrameType | None, work: CodeType) -> Task | None:
    """Return the task whose request a thread works for: what it carries out, it does in the context of that one."""
    while frame is not None and frame.f_code is not work:
        frame = frame.f_back
    if frame is None:
        return None
    context = next((one for one in variables_of(frame).values() if isinstance(one, Context)), None)
    request = came(context.get(under_way)) if context else None
    return request() if request else None
