"""Queues of the application's own: what waits in them, and who works on them, found from the workers' variables.

A request that has put its work into a queue waits for a future or an event, which tells nothing. But the worker knows
the queue, and the queue knows what it holds; what somebody waits for and what lies in a queue has its turn to wait for.
"""

from __future__ import annotations

import asyncio
import gc
import queue
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, NamedTuple

from harness.probe.call_site import Place, place_of
from harness.probe.primitives import QUEUE
from harness.probe.variables import variables_of

EXECUTOR = "executor"
MOST_ITEMS = 40  # of a queue, from its end: one that is longer is the same to every request
STEPS = 3  # from a variable to a queue, by attributes that are named: self.app.state.jobs
MOST_OBJECTS = 60  # of an item, the nearest first
_QUEUES = (asyncio.Queue, queue.Queue, queue.SimpleQueue, deque)
_STRANGERS = (str, bytes, int, float, type(None), type, ModuleType, CodeType, FrameType, asyncio.AbstractEventLoop)


class Found(NamedTuple):
    """Where a thing lies: in an executor's queue or another one, and where its worker is, if that is known."""

    kind: str
    worker: Place | None = None


def waiting_in_queues(
    wanted: set[int], workers: Iterable[Sequence[FrameType]], loop: asyncio.AbstractEventLoop
) -> Mapping[int, Found]:
    """Return those of the wanted things, by their ``id``, that lie in a queue which a worker knows, or an executor's.

    ``workers`` are the application's calls of each task or thread that serves no request, the outermost first. The
    executor that an event loop has by default is no application's own: it has as many threads as Python thinks fit.
    """
    found: dict[int, Found] = {}
    for calls in workers:
        for held in [one for frame in calls for one in _queues_of(frame)]:
            found |= dict.fromkeys(_in_queue(held, wanted), Found(QUEUE, place_of(calls[-1])))
    for held in _executors_queues(loop):
        found |= dict.fromkeys(_in_queue(held, wanted), Found(EXECUTOR))
    return found


def _executors_queues(loop: asyncio.AbstractEventLoop) -> list[object]:
    """Return the queues of all executors with threads, but for the one that a loop makes for itself.

    Only the collector tells which the loop has. An application that has set one has given it a size of its own.
    """
    known = gc.get_referents(loop, *(one for one in gc.get_referents(loop) if isinstance(one, dict)))
    executors = [one for one in known if isinstance(one, ThreadPoolExecutor) and one._max_workers == _usual_size()]  # noqa: SLF001 - told by nothing else
    by_default = {id(one._work_queue) for one in executors}  # noqa: SLF001 - the same
    queues = list(getattr(sys.modules.get("concurrent.futures.thread"), "_threads_queues", {}).values())
    return [one for one in queues if id(one) not in by_default]


@cache
def _usual_size() -> int:
    """Return how many threads an executor may have that nobody has given a size."""
    return ThreadPoolExecutor()._max_workers  # noqa: SLF001 - the same


def _queues_of(frame: FrameType) -> Iterator[object]:
    """Yield the queues that a call knows: by its variables, by their attributes, and by names of its module.

    And by attributes of these in turn, which it names: ``app.state.jobs`` is two further on than ``app``.
    """
    variables = list(variables_of(frame).values())
    names = frame.f_code.co_names
    known = variables + [frame.f_globals[name] for name in names if name in frame.f_globals]
    named = [*known]
    for value in variables:
        known += _attributes(value).values()
    for _ in range(STEPS):
        named = [inner for value in named for inner in _named(value, names)]
        known += named
    for value in known:
        if isinstance(value, _QUEUES):
            yield value
        elif isinstance(buffer := getattr(getattr(value, "_state", None), "buffer", None), deque):
            yield buffer  # of one of AnyIO's streams


def _named(value: object, names: Sequence[str]) -> Iterator[object]:
    """Yield the attributes of a value that have one of these names, also of one that keeps its own in a dict."""
    attributes = _attributes(value)
    for known in (attributes, *(one for one in attributes.values() if type(one) is dict)):
        yield from (known[name] for name in names if name in known)


def _attributes(value: object) -> Mapping[str, object]:
    return {} if isinstance(value, _STRANGERS) else getattr(value, "__dict__", None) or {}


def _in_queue(held: object, wanted: set[int]) -> Iterator[int]:
    items: Any = held
    if isinstance(held, asyncio.Queue):
        items = held._queue  # type: ignore[attr-defined]  # noqa: SLF001 - told by nothing else
    elif isinstance(held, queue.Queue):
        items = held.queue
    elif isinstance(held, queue.SimpleQueue):
        items = next((one for one in gc.get_referents(held) if isinstance(one, list)), [])
    for item in list(items)[-MOST_ITEMS:]:
        yield from _reached_from(item, wanted)


def _reached_from(item: object, wanted: set[int]) -> Iterator[int]:
    """Yield what is wanted of all that an item leads to, the nearest first."""
    seen, ahead = {id(item)}, deque([item])
    while ahead and len(seen) < MOST_OBJECTS:
        one = ahead.popleft()
        if id(one) in wanted:
            yield id(one)
            return
        for other in _led_to(one):
            if id(other) not in seen:
                seen.add(id(other))
                ahead.append(other)


def _led_to(value: object) -> Iterable[object]:
    if isinstance(value, _STRANGERS):
        return ()
    if isinstance(value, FunctionType):  # not to its module
        return gc.get_referents(*value.__closure__ or ())
    return gc.get_referents(value)
