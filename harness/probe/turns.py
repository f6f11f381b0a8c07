"""Requests that wait for one another: at which line, for what, and where the one stands that they wait for.

A thread looks at every request that is under way. It reads off coroutines and stacks where each stands
(``standing.py``), so that no request pays for it, and nothing where there is one request or none.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import Context
from types import CodeType, FrameType
from typing import Any, NamedTuple

from harness.probe.call_site import Place, line_of, place_at
from harness.probe.primitives import CLIENT, CONDITION, LOCK, QUEUE, RESULT, SEMAPHORE, known_primitives
from harness.probe.readings import stacks_of_threads
from harness.probe.recorder import Recorder
from harness.probe.request import came, under_way
from harness.probe.sampler import Look, Sampler
from harness.probe.standing import DATABASE, Reader, Standing, calls_of
from harness.probe.waits import least_capacity
from harness.probe.work_queues import EXECUTOR, Found, waiting_in_queues
from harness.probe.workers import Workers

LOOK_EVERY_S = 0.15
EARLY_S = 0.075  # sooner, if something else is looked at then
FEW = 2  # fewer have nobody to wait for
TURNS = {LOCK, SEMAPHORE, CONDITION, QUEUE, EXECUTOR, CLIENT}
# What may be sized as the pool is, to keep requests from waiting for connections where that holds others up.
ADMITTING = {SEMAPHORE, CONDITION, QUEUE}

Task = asyncio.Task[Any]


class _Wait(NamedTuple):
    """One request that waits: what for, at which call of the application, and where its worker is, if it has one."""

    kind: str
    code: CodeType
    line: int
    statement: str = ""
    worker: Place | None = None


class TurnProbe:
    """Notes how many requests are ``under_way`` at a look, and then those that wait for their ``turn``, by line.

    Labels of ``turn``: ``kind`` of what is waited for; ``call_site``; and ``held_at``, where another request stands
    further on in the same function, or where the worker is that a queue waits for. ``asking`` are requests that wait
    for the database, by the beginning of their ``statement``, ``call_site`` and ``held_at`` alike.
    """

    def __init__(self, recorder: Recorder, sampler: Sampler, in_flight: Callable[[], int]) -> None:
        self._recorder = recorder
        self._sampler = sampler
        self._in_flight = in_flight
        self.holding: Callable[[], set[int]] = set  # requests that have a connection, by their tasks' numbers

    def start(self) -> None:
        """Begin to look at requests that are served by the loop of this thread."""
        self._loop, self._loops_thread = asyncio.get_running_loop(), threading.get_ident()
        self._workers = Workers()
        self._reader = Reader(known_primitives(), self._workers.limiter)
        self._sampler.add(self._look(), early_s=EARLY_S)

    def _look(self) -> Look:
        while True:
            yield LOOK_EVERY_S
            self._look_once()  # which keeps no call alive until the next look

    def _look_once(self) -> None:
        count = self._in_flight()
        if count < FEW:
            self._recorder.note("waits", "under_way", count)
            return
        requests, others = self._standings()
        waits = self._without_admission(self._waits(requests, others), len(requests))
        self._recorder.note("waits", "under_way", len(requests))
        for wait, number in Counter(waits.values()).items():
            beside = (standing for task, standing in requests.items() if waits.get(task) != wait)
            places = {
                "call_site": place_at(wait.code, wait.line),
                "held_at": wait.worker or _further_on(wait, beside),
            }
            if wait.kind == DATABASE:
                self._recorder.note("waits", "asking", number, statement=wait.statement, **places)
            else:
                self._recorder.note("waits", "turn", number, kind=wait.kind, **places)

    def _standings(self) -> tuple[dict[Task, Standing], list[Standing]]:
        """Return where each request stands, and where all tasks do that serve none."""
        requests: dict[Task, Standing] = {}
        others: list[Standing] = []
        children: dict[Task, list[Standing]] = {}
        for task in asyncio.all_tasks(self._loop):
            request, standing = _request_of(task), self._reader.of_task(task)
            if request is task:
                requests[task] = standing
            elif request is not None and not request.done():
                children.setdefault(request, []).append(standing)
            else:
                others.append(standing)
        threads: dict[int, FrameType] = {}
        if self._workers.any_at_work():
            threads = self._workers.serving(stacks_of_threads())
        for task, standing in requests.items():
            if id(task) in threads:
                requests[task] = self._reader.of_thread(threads[id(task)])
            elif task in children:
                requests[task] = _with_children(standing, children[task])
        return requests, others

    def _waits(self, requests: dict[Task, Standing], others: Sequence[Standing]) -> dict[Task, _Wait]:
        """Return the requests that wait for their turn, or for the database."""
        shared = Counter(one for standing in requests.values() for one in {*map(id, standing.awaited)})
        results = {
            task: {*map(id, standing.awaited)}
            for task, standing in requests.items()
            if standing.kind == RESULT
            or (standing.kind == QUEUE and all(shared[id(one)] < FEW for one in standing.awaited))
        }
        queued = self._queued(set().union(*results.values()), others) if len(results) >= FEW else {}
        waits: dict[Task, _Wait] = {}
        for task, standing in requests.items():
            kind, worker = standing.kind, None
            if task in results:
                found = next((queued[one] for one in results[task] if one in queued), None)
                kind, worker = ("", None) if found is None else (found.kind, found.worker)
            if standing.calls and kind in {*TURNS, DATABASE}:
                last = standing.calls[-1]
                waits[task] = _Wait(kind, last.f_code, line_of(last), standing.statement, worker)
        return waits

    def _queued(self, wanted: set[int], others: Sequence[Standing]) -> Mapping[int, Found]:
        """Return those of the wanted things that lie in queues, which tasks or threads know that serve no request."""
        frames = stacks_of_threads()
        ours = {self._loops_thread, threading.get_ident()}
        serving = {id(frame) for frame in self._workers.serving(frames).values()}
        strangers = [one for thread, one in frames.items() if thread not in ours and id(one) not in serving]
        calls = [*(other.calls for other in others), *map(calls_of, strangers)]
        return waiting_in_queues(wanted, [one for one in calls if one], self._loop)

    def _without_admission(self, waits: dict[Task, _Wait], count: int) -> dict[Task, _Wait]:
        """Leave out those who wait for a connection of the pool, which has a finding of its own.

        They have none, and as many others are past that line as the pool has connections.
        """
        capacity = least_capacity() if any(wait.kind in ADMITTING for wait in waits.values()) else None
        if capacity is None:
            return waits
        holding = self.holding()
        admitting = {
            wait
            for wait, number in Counter(waits.values()).items()
            if wait.kind in ADMITTING and count - number >= capacity
        }
        return {task: wait for task, wait in waits.items() if wait not in admitting or id(task) in holding}


def _with_children(standing: Standing, children: Sequence[Standing]) -> Standing:
    """Return where a request stands that waits for tasks of its own: where one does that asks the database, if any.

    Else it waits for its turn if all of them do.
    """
    telling = [child for child in children if child.calls or standing.by_itself]
    if standing.kind or not telling or any(child.kind not in {*TURNS, RESULT, DATABASE} for child in telling):
        return standing
    first = next((child for child in telling if child.kind == DATABASE), telling[0])
    return first if first.calls else first._replace(calls=standing.calls)


def _request_of(task: Task) -> Task | None:
    """Return the request that a task serves or was started for, by its context: up to Python 3.11 nothing else tells.

    A request is known by the task that it came in.
    """
    context = next((one for one in gc.get_referents(task) if isinstance(one, Context)), None)
    request = came(context.get(under_way)) if context else None
    return request() if request else None


def _further_on(wait: _Wait, others: Iterable[Standing]) -> Place | None:
    """Say where another request stands, in the same function, beyond the line at which is waited."""
    lines = (line_of(frame) for one in others for frame in one.calls if frame.f_code is wait.code)
    line = max((one for one in lines if one > wait.line), default=None)
    return None if line is None else place_at(wait.code, line)
