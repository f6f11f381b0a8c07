"""Where a request stands at a moment: which of the application's calls it is in, and what the last of them waits for.

Read off coroutines and stacks of threads, so that no request pays for it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import CodeType, FrameType
from typing import Any, NamedTuple

from harness.probe.call_site import inwards, is_of_application
from harness.probe.dialects import asking
from harness.probe.holders import connecting, greenlet_in, spawns_greenlets
from harness.probe.phases import STEPPED
from harness.probe.primitives import LOCK, QUEUE, RESULT, SEMAPHORE, enters_a_lock, passes_on, waited_at
from harness.probe.variables import variables_of

DATABASE = "database"
# harness/provision/meter.py has PostgreSQL tell as much of it.
_BEGINNING = re.compile(r"[^$%'0-9:?]{0,200}")
_TEXT = {"asyncpg": "query", "psycopg": "query"}  # by driver, the variable of a call that has the statement's text
_AWAITED = (asyncio.Future, asyncio.Event, asyncio.Queue, concurrent.futures.Future, threading.Event, queue.Queue)
_OF_TASKS = (asyncio.Task, asyncio.tasks._GatheringFuture)  # type: ignore[attr-defined]  # noqa: SLF001 - what gather returns
# What waits in the place of its caller, and not for tasks of its own: what it waits for is a variable of its call, or
# what wakes its task up.
_FOR_OTHERS = {asyncio.wait_for.__code__, asyncio.to_thread.__code__}


class Standing(NamedTuple):
    """What a task or a thread waits for: its kind, the application's calls, and the things that would end the wait.

    ``calls`` have the outermost first, and ``awaited`` is empty but for a result or a queue. ``statement`` is the
    beginning of what the database is asked. ``by_itself`` says that the last call waits, and no library for it.
    """

    kind: str
    calls: Sequence[FrameType] = ()
    awaited: Sequence[object] = ()
    statement: str = ""
    by_itself: bool = False


class Reader:
    """Reads where tasks and threads stand, by the primitives that there are and what is waited at for a thread."""

    def __init__(self, primitives: Mapping[CodeType, str], thread_limiter: object) -> None:
        self._primitives = primitives
        self._thread_limiter = thread_limiter
        self._spawn = spawns_greenlets()

    def of_task(self, task: asyncio.Task[Any]) -> Standing:
        """Say where a task stands, if it waits."""
        awaited = getattr(task, "_fut_waiter", None)
        if awaited is None or awaited.done():  # it runs, or is about to
            return Standing("")
        calls: list[FrameType] = []
        beyond: list[FrameType] = []
        greenlet = None
        for inner, frame in _chain(task.get_coro()):
            if is_of_application(frame):
                calls.append(frame)
                beyond, greenlet = [], None
            else:
                beyond.append(frame)
                if frame.f_code is self._spawn:
                    greenlet = greenlet_in(inner)
        stack = [*_outwards(greenlet)][::-1]
        calls += [frame for frame in stack if is_of_application(frame)]
        if known := _asked([*beyond, *stack]):
            return Standing(DATABASE, calls, statement=known)
        return self._waiting(calls, beyond, awaited)

    def of_thread(self, innermost: FrameType | None) -> Standing:
        """Say where a thread stands."""
        stack = [*_outwards(innermost)][::-1]
        at = [number for number, frame in enumerate(stack) if is_of_application(frame)]
        calls, beyond = [stack[number] for number in at], stack[at[-1] + 1 :] if at else stack
        if known := _asked(beyond):
            return Standing(DATABASE, calls, statement=known)
        kind, call = waited_at(beyond, self._primitives)
        if any(frame.f_code in connecting for frame in beyond):
            kind = ""  # it waits for a connection of the pool
        elif not kind and innermost is not None and innermost.f_code not in self._primitives:
            kind = LOCK if enters_a_lock(innermost) else ""
        return Standing(kind, calls, [*_things((call,))] if call else ())

    def _waiting(self, calls: Sequence[FrameType], beyond: Sequence[FrameType], awaited: object) -> Standing:
        kind, call = waited_at(beyond, self._primitives)
        if kind == SEMAPHORE and call is not None and variables_of(call).get("self") is self._thread_limiter:
            kind = ""  # it waits for a thread
        elif not kind and calls and all(frame.f_code in _FOR_OTHERS for frame in beyond):
            kind = RESULT
        things = [awaited, *_things(beyond)] if kind in {RESULT, QUEUE} else []
        if any(isinstance(thing, _OF_TASKS) for thing in things):  # it waits for tasks of its own
            kind, things = "", []
        return Standing(kind, calls, things, by_itself=all(map(passes_on, beyond)))


def calls_of(innermost: FrameType | None) -> list[FrameType]:
    """Return the application's calls on the stack of a thread, the outermost first."""
    return [frame for frame in _outwards(innermost) if is_of_application(frame)][::-1]


def _chain(coroutine: object) -> Iterator[tuple[Any, FrameType]]:
    """Follow a task's coroutine inwards; where it is driven step by step, on to what is driven."""
    for inner, frame in inwards(coroutine):
        yield inner, frame
        if frame.f_code is STEPPED:
            yield from _chain(getattr(variables_of(frame).get("request"), "serving", None))


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _things(frames: Iterable[FrameType]) -> Iterator[object]:
    """Return what these calls may be waiting for, of their variables."""
    for frame in frames:
        yield from (thing for thing in variables_of(frame).values() if isinstance(thing, _AWAITED))


def _asked(frames: Iterable[FrameType]) -> str:
    """Return the beginning of the statement that one of these calls has sent to the database; empty if none has."""
    for frame in frames:
        driver = frame.f_globals.get("__name__", "").partition(".")[0]
        name = "statement" if frame.f_code in asking else _TEXT.get(driver)
        text = variables_of(frame).get(name) if name else None
        if isinstance(text, str):
            return beginning_of(text)
    return ""


def beginning_of(statement: str) -> str:
    """Return a statement up to the first value, or its place, in it."""
    found = _BEGINNING.match(statement.strip())
    return found[0].strip() if found else ""
