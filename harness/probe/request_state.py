"""The state of a request, read off a stack when somebody looks: nothing is told while it runs, and nothing costs it.

A stack is read from its innermost call outwards, up to the first that is the application's.
"""

from __future__ import annotations

import gc
import sys
from types import FrameType
from typing import Any, NamedTuple

from sqlalchemy import Pool, SingletonThreadPool

from harness.probe.call_site import inwards, is_of_application
from harness.probe.dialects import asking
from harness.probe.request import CONNECTION, DATABASE, ELSEWHERE, PYTHON

# Of all that waits for a connection of a pool, to know it on a stack.
connecting = {Pool.connect.__code__, SingletonThreadPool.connect.__code__}


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
    greenlet_spawn = getattr(sys.modules.get("sqlalchemy.util.concurrency"), "greenlet_spawn", None)
    frame = None
    for inner, its in inwards(coroutine):
        if is_of_application(its):
            frame = its
        elif not runs and greenlet_spawn and its.f_code is greenlet_spawn.__code__:
            state = _in_greenlet(inner)
    return RequestState(state.phase, state.frame or frame)


def _in_greenlet(spawned: object) -> RequestState:
    """Read the stack of the greenlet in which SQLAlchemy runs what a coroutine of its own waits for."""
    greenlet = sys.modules["greenlet"].greenlet
    for held in gc.get_referents(spawned):  # its variables, any of which may be a stranger: its type is asked only
        if issubclass(type(held), greenlet):
            return of_stack(held.gr_frame, ELSEWHERE)
    return RequestState(ELSEWHERE, None)
