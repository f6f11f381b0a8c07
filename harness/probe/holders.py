"""The holders of connections: what each does, and where it stands, read off the stacks of threads and coroutines.

Nothing is told while a request runs, and nothing costs it. A stack is read from its innermost call outwards, up to the
first that is the application's.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType, FrameType
from typing import Any, NamedTuple

from sqlalchemy import Pool, PoolProxiedConnection, SingletonThreadPool

from harness.probe.call_site import Place, inwards, is_of_application, place_at, place_of
from harness.probe.dialects import asking
from harness.probe.pools import Lent
from harness.probe.readings import keep
from harness.probe.request import CONNECTION, DATABASE, ELSEWHERE, PHASES, PYTHON, THREAD, Came, Followed, Mark, came
from harness.probe.variables import variables_of
from harness.probe.workers import AtWork

OVER = "over"  # what a holder does whose request has ended
NOBODYS = "background"  # what one does that no request has checked out
BRIEFLY = "briefly"  # what one does that is not looked at more closely, as it has had its connection for so short
# Of all that waits for a connection of a pool, to know it on a stack; pools of drivers add theirs.
connecting = {Pool.connect.__code__, SingletonThreadPool.connect.__code__}
_DRIVERS = {"asyncpg", "psycopg"}  # what they wait for is the database, but for asyncpg's pools, which are looked at


class Checkout(NamedTuple):
    """One connection that is checked out: for which request, in which task if in any, by which line if it is known."""

    request: Mark
    asked_in: Came | None
    code: CodeType | None
    line: int
    since_s: float


class Holder(NamedTuple):
    """The holder of a connection: what it is doing, and the application's innermost call, if it was looked at."""

    held: Checkout
    phase: str
    frame: FrameType | None = None

    @property
    def place(self) -> Place | None:
        """The application's innermost call that waits or runs, else where it checked out, if that is known."""
        if self.frame is not None:
            return place_of(self.frame)
        return place_at(self.held.code, self.held.line) if self.held.code else None


class Stacks(NamedTuple):
    """The stacks of threads that work for requests and of the event loop's, and which task has started which."""

    work: AtWork
    serving: Mapping[int, FrameType]
    loops: FrameType | None


def is_checked_out(connection: PoolProxiedConnection | Lent | None) -> bool:
    """Say whether it is checked out: what is given back is detached, as is what nobody has any more."""
    return connection is not None and not connection.is_detached


def place_of_longest(holders: Sequence[Holder]) -> Place | None:
    """Say where the one stands that has held its connection longest.

    One that is over stands nowhere any more, so it comes last if it is not known where it checked out.
    """
    longest = min(holders, key=lambda one: (one.phase == OVER and not one.held.code, one.held.since_s), default=None)
    return longest.place if longest else None


def where_wanted(stacks: Stacks, holding: set[int]) -> Place | None:
    """Say where a thread waits for a connection on behalf of a request that has none; None if none does."""
    for request, thread in stacks.serving.items():
        if request not in holding:
            phase, frame = of_stack(thread)
            if phase == CONNECTION and frame is not None:
                return place_of(frame)
    return None


def holder_of(held: Checkout, stacks: Stacks | None) -> Holder:
    """Return what a holder is doing, if there are stacks to read it off."""
    request = came(held.request)
    if request is None:
        return Holder(held, NOBODYS)
    task, asked_in = request(), held.asked_in() if held.asked_in else None
    if asked_in is not None and asked_in.done():
        asked_in = None
    if task is None or task.done():  # which a task of its own may outlive
        return Holder(held, OVER if asked_in is None else NOBODYS)
    if stacks is None:
        return Holder(held, BRIEFLY)
    goes_on = asked_in or task
    phase, frame = _state(stacks.work.family(goes_on), held.request, stacks)
    if phase == ELSEWHERE:
        phase, frame = _of_tasks(goes_on, stacks, RequestState(phase, frame))
    if (thread := stacks.serving.get(id(task))) is not None:
        phase, its = of_stack(thread)
        frame = its or frame
    return Holder(held, PHASES[phase], frame)


def _state(tasks: Sequence[asyncio.Task[Any]], request: Mark, stacks: Stacks) -> RequestState:
    """Return the state of a request: of its task that waits for a thread or has one, else of the last that tells."""
    state = RequestState(ELSEWHERE, None)
    for task in tasks:
        coroutine: Any = task.get_coro()
        if isinstance(request, Followed) and request.task() is task:
            coroutine = request.serving  # its task's own leads no further than to where it is driven step by step
        phase, frame = of_coroutine(coroutine, stacks.loops)
        if task in stacks.work.waiting:
            return RequestState(THREAD, frame)
        if task in stacks.work.having:  # and on its way there, or back
            return RequestState(PYTHON, frame)
        if phase != ELSEWHERE or frame is not None:
            state = RequestState(phase, frame)
    return state


def _of_tasks(task: asyncio.Task[Any], stacks: Stacks, state: RequestState) -> RequestState:
    """Return the state of one that waits elsewhere: it waits for a connection if a task does that it waits for."""
    states = (of_coroutine(one.get_coro(), stacks.loops) for one in _waited_for(task))
    return next((one for one in states if one.phase == CONNECTION), state)


def _waited_for(task: asyncio.Task[Any]) -> Iterator[asyncio.Task[Any]]:
    """Yield the tasks that one waits for: by itself, by ``gather``, or in a task group of asyncio's."""
    awaited = getattr(task, "_fut_waiter", None)
    found = {awaited, *getattr(awaited, "_children", ())}
    for _, frame in inwards(task.get_coro()):
        if frame.f_globals.get("__name__") == asyncio.TaskGroup.__module__:
            found |= set(getattr(variables_of(frame).get("self"), "_tasks", ()))
    yield from (one for one in found if isinstance(one, asyncio.Task) and not one.done())


class RequestState(NamedTuple):
    """The phase that it is in, and the application's innermost call, if there is one."""

    phase: int
    frame: FrameType | None


def of_stack(frame: FrameType | None, phase: int = PYTHON) -> RequestState:
    """Read the stack of a thread, or of a greenlet; it is in this ``phase`` if it asks neither pool nor database."""
    asks = None
    while frame is not None and not is_of_application(frame):
        if asks is None:
            asks = DATABASE if frame.f_code in asking else CONNECTION if frame.f_code in connecting else None
        frame = frame.f_back
    return RequestState(phase if asks is None else asks, frame)


def of_coroutine(coroutine: Any, loops: FrameType | None) -> RequestState:  # noqa: ANN401 - a coroutine, or a generator that one waits for
    """Follow a coroutine inwards to where it waits; ``loops`` is the loop's stack, which it is on if it runs."""
    runs = getattr(coroutine, "cr_running", False)
    state = of_stack(loops) if runs else RequestState(ELSEWHERE, None)
    spawn = spawns_greenlets()
    frame = None
    for inner, its in inwards(coroutine):
        if is_of_application(its):
            frame = its
        elif not runs and its.f_code is spawn:
            state = of_stack(greenlet_in(inner), ELSEWHERE)
        elif not runs and state.phase == ELSEWHERE and its.f_globals.get("__package__") in _DRIVERS:
            state = RequestState(CONNECTION if _acquires(inner) else DATABASE, None)
    return RequestState(state.phase, state.frame or frame)


def _acquires(coroutine: Any) -> bool:  # noqa: ANN401 - the same
    """Say whether one waits for a connection of a pool, by itself or by what it waits for."""
    return any(frame.f_code in connecting for _, frame in inwards(coroutine))


def spawns_greenlets() -> CodeType | None:
    """Return the code of the coroutine in which SQLAlchemy waits for a greenlet, if it is there."""
    greenlet_spawn = getattr(sys.modules.get("sqlalchemy.util.concurrency"), "greenlet_spawn", None)
    return getattr(greenlet_spawn, "__code__", None)


def greenlet_in(spawned: object) -> FrameType | None:
    """Return the innermost call of the greenlet in which SQLAlchemy runs what a coroutine of its own waits for."""
    greenlet = sys.modules["greenlet"].greenlet
    for held in gc.get_referents(spawned):  # its variables, any of which may be a stranger: its type is asked only
        if issubclass(type(held), greenlet):
            frame: FrameType | None = held.gr_frame
            keep(frame)
            return frame
    return None
