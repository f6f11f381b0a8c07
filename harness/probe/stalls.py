"""The calls that held an event loop up, and for how long: worked out from when its thread was seen in them.

The loop is asked for a sign of life, and its thread is looked at until it answers. The same call of the same function,
seen twice in a row meanwhile, held it up. Nothing here looks or waits by itself: ``loop.py`` does.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest
from types import FrameType
from typing import NamedTuple

from harness.probe.call_site import Place, place_of

CALM_S = 0.014  # from one question to the next: a call of 20 ms is asked about, and seen again before it ends
ALERT_S = 0.002  # between two looks while an answer is overdue
KNOWN_WITHIN = 0.1  # of a length; one that may be further off is a guess
STALL_S = 0.005  # shorter calls are work, and count as lag only
# Of the thread that opens it: nanoseconds on a core, nanoseconds ready without one, and how often it had one.
# (Linux, Documentation/scheduler/sched-stats.rst; a wait is added when it ends.)
SCHEDSTAT = "/proc/thread-self/schedstat"


class ThreadClocks:
    """Clocks of the thread that makes this, which any thread may read. One that the system has not stays at 0."""

    def __init__(self) -> None:
        self._schedstat: int | None = None
        self._clock: int | None = None
        with suppress(OSError):
            self._schedstat = os.open(SCHEDSTAT, os.O_RDONLY)
        if hasattr(time, "pthread_getcpuclockid"):  # macOS does not know it
            self._clock = time.pthread_getcpuclockid(threading.get_ident())

    def computed_s(self) -> float:
        """Return how long the thread has computed so far."""
        return 0.0 if self._clock is None else time.clock_gettime(self._clock)

    def core_wait_s(self) -> float:
        """Return how long the thread was ready so far and had no core."""
        if self._schedstat is None:
            return 0.0
        return int(os.pread(self._schedstat, 100, 0).split()[1]) / 1e9


class Stall(NamedTuple):
    """A call of the application's that held the loop up; its length is ``known`` within a tenth, or a guess."""

    call_site: Place
    length_s: float
    known: bool


class Answer(NamedTuple):
    """The answer of a loop: how late it is, whether one call may have made it so, and those that are known to have."""

    lag_s: float
    suspected: bool
    stalls: list[Stall]


@dataclass
class _Call:
    """A call that the loop was seen in while its answer was overdue; without a place it is not the application's."""

    frame_id: int
    call_site: Place | None
    first_s: float
    last_s: float
    since_s: float  # it may have begun as early: when something else was seen last, or the loop went silent
    unsure_s: float  # of since when
    gap_s: float = ALERT_S  # the longest time between two looks
    core_wait_s: float = 0.0


class StallDetector:
    """Finds the calls that hold a loop up.

    The loop's thread tells of its signs of life, by ``beat`` and ``answer``; another one tells when it asked and what
    it saw. Times are of the monotonic clock; ``frame`` is the application's innermost call on the loop's stack, if any.

    Attributes:
        asked_s: When the loop was asked last.
        alive_s: When it last gave a sign of life.
        overdue: Whether it has not answered yet.
    """

    def __init__(self, clocks: ThreadClocks, now_s: float) -> None:
        self.asked_s, self.alive_s, self.overdue = 0.0, now_s, False
        self._clocks = clocks
        self._calls: list[_Call] = []
        self._gap_s = CALM_S
        self._looked_s = now_s
        self._computed_alive_s = clocks.computed_s()
        self._core_wait_s = 0.0
        # What collecting garbage had taken at the last sign of life, and at that before the question.
        self._collected_alive_s = self._collected_before_s = 0.0

    @property
    def suspects(self) -> bool:
        """Whether a call has been seen since the loop was asked, which has not answered yet."""
        return bool(self._calls)

    def beat(self, now_s: float, collected_s: float) -> None:
        """Note a sign of life that comes by itself, and how long garbage has been collected so far."""
        self._gap_s, self.alive_s, self._collected_alive_s = now_s - self.alive_s, now_s, collected_s

    def ask(self, now_s: float, due_s: float, frame: FrameType | None) -> None:
        """Note a question, by a thread that wanted to ask at ``due_s``, and what is seen with it."""
        self.asked_s, alive_s = now_s, self.alive_s
        computed_s = self._clocks.computed_s() - self._computed_alive_s
        since_s = silent_since_s(alive_s, computed_s, self._gap_s, due_s, now_s)
        self._collected_before_s = self._collected_alive_s
        self.overdue = True
        self._see(frame, since_s, now_s, since_s - alive_s)

    def look(self, now_s: float, frame: FrameType | None) -> None:
        """Note what is seen later on, while the answer is overdue."""
        before_s = self._looked_s
        self._see(frame, before_s, now_s, now_s - before_s)

    def answer(self, now_s: float, collected_s: float) -> Answer:
        """Note the answer, and how long garbage has been collected so far; say what held the loop up."""
        # What the next question changes is read here: it may be asked whenever the lock is let go, as a read does.
        asked_s, lag_s = self.asked_s, now_s - self.asked_s
        calls, self._calls = self._calls, []
        pause_s = collected_s - self._collected_before_s
        self._gap_s, self.alive_s, self._collected_alive_s = CALM_S, now_s, collected_s
        self._computed_alive_s = self._clocks.computed_s()
        self.overdue = False
        if calls:
            self._charge(calls[-1])
        stalls = []
        for call, following in zip_longest(calls, calls[1:]):
            ended_by_s = following.first_s if following else now_s
            length_s, known = _length_s(call, ended_by_s, asked_s, now_s)
            if call.call_site and length_s - pause_s >= STALL_S:
                stalls.append(Stall(call.call_site, length_s - pause_s, known))
        return Answer(lag_s, bool(calls) and lag_s - pause_s >= STALL_S, stalls)

    def _see(self, frame: FrameType | None, before_s: float, now_s: float, unsure_s: float) -> None:
        self._looked_s = now_s
        calls = self._calls
        if not self.overdue or (frame is None and not calls):
            return
        if calls and calls[-1].frame_id == id(frame):
            calls[-1].last_s = now_s  # before the lock is let go, as the answer may come meanwhile
            calls[-1].gap_s = max(calls[-1].gap_s, now_s - before_s)
            self._charge(calls[-1])
        else:
            if calls:
                self._charge(calls[-1])
            else:
                self._core_wait_s = self._clocks.core_wait_s()
            call_site = None if frame is None else place_of(frame)
            calls.append(_Call(id(frame), call_site, now_s, now_s, before_s, unsure_s))

    def _charge(self, call: _Call) -> None:
        """Put waits for a core that have ended since the last look down to the call that was seen then."""
        before_s, self._core_wait_s = self._core_wait_s, self._clocks.core_wait_s()
        call.core_wait_s += self._core_wait_s - before_s


def silent_since_s(alive_s: float, computed_s: float, gap_s: float, due_s: float, asked_s: float) -> float:
    """Guess when a loop went silent; that may be as far off as its last sign of life, ``alive_s``, is from it.

    It is after its last sign of life, and before what it has computed since. The thread that asks may be late itself:
    as the loop's holds the interpreter's lock and computes, or as the machine lets nobody run. Of the latter, what
    would have begun begins at its end, if that is more than there was time before. But the machine may have kept the
    asking thread only, while the loop's was in a call that waits: then it began long before.

    Args:
        alive_s: The last sign of life.
        computed_s: How long the loop's thread has computed since the last answer.
        gap_s: The time between its last two signs of life.
        due_s: When the thread that asks wanted to.
        asked_s: When it did.
    """
    latest_s = asked_s - computed_s
    stopped_s = latest_s - due_s
    if stopped_s > due_s - alive_s > 0:
        return alive_s + stopped_s + min(gap_s, latest_s - alive_s - stopped_s) / 2
    return alive_s + min(gap_s, max(0.0, latest_s - alive_s)) / 2


def _length_s(call: _Call, ended_by_s: float, asked_s: float, now_s: float) -> tuple[float, bool]:
    """Say how long a call took, but for its waits for a core, and whether that is known or a guess.

    If it may have filled all of the lag, it took from when something else was seen last to when something else was seen
    or the loop answered. The last look may be long ago then: a call that holds the interpreter's lock makes the thread
    that looks wait, after its timer and after each read of a file. One that was seen once only has no length. If it
    shared its lag, its length is a guess by sight, and 14 ms were told for 20: how much of the time without a look was
    its own is not known. It is a guess as well if its beginning may be too far off.
    """
    seen_s = call.last_s - call.first_s
    if not seen_s:
        return 0.0, False
    if ended_by_s - max(asked_s, call.since_s) + ALERT_S < now_s - asked_s:
        return seen_s + call.gap_s - call.core_wait_s, False
    length_s = ended_by_s - call.since_s - call.core_wait_s
    return length_s, call.unsure_s <= KNOWN_WITHIN * length_s
