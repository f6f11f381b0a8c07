"""How late the event loop is, and which line of the application holds it up.

A thread asks the loop for a sign of life, seventy times a second: how long it takes is how late the loop is. While the
loop gives signs of life by itself, as each request that comes is one, ten times a second are enough. As the thread
asks, and while the answer is overdue, it reads the stack of the loop's thread. The same call of the same function, seen
twice in a row, holds the loop up. A loop that has much to do is late as well, but is seen in another call each time.
And a thread that is ready while others have the cores is held up by the machine: what Linux says of that is taken off a
stall's length.

After a call that may have been a stall it looks more often for a while, as one of 20 ms is told within a tenth only
then. A loop that is merely busy may look like it all the time; so after a while in which no stall was found it takes
a pause first, twice as long each time.

Python stops all of its threads, the loop's as well, while it collects all garbage: that has no line, and is noted by
itself, and taken off a stall's length.

A timer in the loop would tell as much, but a loop that waits for its next timer all the time was seen to serve a
twentieth less, whether it was due every millisecond or every five.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import zip_longest

from harness.probe.call_site import Place, of_application, place_of
from harness.probe.recorder import Recorder
from harness.probe.sampler import Look, Sampler

CALM_S = 0.014  # from one question to the next: a call of 20 ms is asked about, and seen again before it ends
PUT_OFF_EVERY_S = 0.007  # of signs of life that come by themselves: a system call each time
EARLY_S = 0.05  # sooner, if something else is looked at then
LATEST_S = 0.1  # so often it is asked anyhow, to know how late it is
AGAIN_S = 0.004  # to the second look, where the first saw a call of the application's
ALERT_S = 0.002  # the same for a while after a stall, and between two looks while an answer is overdue
ALERT_FOR_S = 2.0  # after a stall
SUSPECTED_FOR_S = 0.4  # after what may have been one
PAUSE_S = 2.0  # the first pause, after the first time in vain
KNOWN_WITHIN = 0.1  # of a length; one that may be further off is told as a guess
STALL_S = 0.005  # shorter calls are work, and count as lag only
LAG_EVERY_S = 0.1
FULL = 2  # the oldest generation that Python's garbage collector knows
# Of the thread that opens it: nanoseconds on a core, nanoseconds ready without one, and how often it had one.
# (Linux, Documentation/scheduler/sched-stats.rst; a wait is added when it ends.)
SCHEDSTAT = "/proc/thread-self/schedstat"


class _Alert:
    """Whether to look more often: for a while after what may be a stall, unless that was in vain too often."""

    def __init__(self) -> None:
        self._until_s = self._again_s = 0.0
        self._pause_s = PAUSE_S

    def is_on(self, now_s: float) -> bool:
        """Say whether it is time to look more often."""
        return now_s < self._until_s

    def suspect(self, now_s: float) -> None:
        """Hear of what may be a stall."""
        if now_s >= self._again_s:
            self._until_s = now_s + SUSPECTED_FOR_S
            self._again_s = self._until_s + self._pause_s
            self._pause_s *= 2

    def found(self, now_s: float) -> None:
        """Hear of a stall: nothing was in vain."""
        self._pause_s = PAUSE_S
        self._until_s = self._again_s = now_s + ALERT_FOR_S


@dataclass
class _Call:
    """One call that the loop was seen in, while it was late; without a place, what is not the application's."""

    frame_id: int
    place: Place | None
    first_s: float
    last_s: float
    since_s: float  # it may have begun as early: when something else was seen last, or the loop went silent
    unsure_s: float  # of since when
    gap_s: float = ALERT_S  # the longest time between two looks
    core_wait_s: float = 0.0


class LoopProbe:
    """Notes every stall as ``stall_s`` with its call_site; its ``length`` is ``known`` within a tenth, or a ``guess``.

    Ten times a second it notes how late the loop was since, ``lag_max_s`` and ``lag_mean_s``, and how long its thread
    was ready and had no core, ``core_wait_s``. Where the system does not tell of such waits, none are known.
    ``collection_s`` is how long a full collection of garbage took.
    """

    def __init__(self, recorder: Recorder, sampler: Sampler) -> None:
        self._recorder = recorder
        self._looker = sampler
        self._asked_s = self._told_s = 0.0
        self._overdue = False
        self._alert = _Alert()
        self._lag_max_s = self._lag_sum_s = 0.0
        self._answers = 0
        self._calls: list[_Call] = []
        self._calm = False
        self._alive_s = self._put_off_again_s = 0.0
        self._gap_s = CALM_S
        self._schedstat: int | None = None
        self._clock: int | None = None
        self._computed_alive_s = 0.0
        self._core_wait_s = self._told_core_wait_s = 0.0
        # What collecting garbage has taken: in all, up to the last sign of life, and up to that before a question.
        self._collected_s = self._collected_alive_s = self._collected_before_s = self._collects_since_s = 0.0

    def start(self) -> None:
        """Begin to watch the loop that runs in this thread."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        with suppress(OSError):
            self._schedstat = os.open(SCHEDSTAT, os.O_RDONLY)
        if hasattr(time, "pthread_getcpuclockid"):  # macOS does not know it
            self._clock = time.pthread_getcpuclockid(self._thread)
        self._computed_alive_s = self._computed_s()
        self._told_core_wait_s = self._waited_for_cores_s()
        self._alive_s = self._told_s = time.monotonic()
        self._looking = self._looker.add(self._watch(), early_s=EARLY_S)
        gc.callbacks.append(self._collects)

    def beat(self) -> None:
        """Hear from the loop's thread that the loop is alive; as often as you like, as long as it is started."""
        now_s = time.monotonic()
        self._gap_s, self._alive_s, self._collected_alive_s = now_s - self._alive_s, now_s, self._collected_s
        if self._calm and now_s >= self._put_off_again_s:
            self._put_off_again_s = now_s + PUT_OFF_EVERY_S
            self._looker.put_off(self._looking, min(now_s + CALM_S, self._asked_s + LATEST_S))

    def _watch(self) -> Look:
        due_s = self._alive_s
        while True:
            self._asked_s = looked_s = time.monotonic()
            silent_since_s, unsure_s = self._silent_since_s(due_s, looked_s)
            self._collected_before_s = self._collected_alive_s
            self._overdue = True
            self._look(silent_since_s, looked_s, unsure_s)
            try:
                self._loop.call_soon_threadsafe(self._answer)
            except RuntimeError:  # the loop is closed
                return
            wait_s = ALERT_S if self._alert.is_on(looked_s) else AGAIN_S if self._calls else CALM_S
            self._calm = wait_s == CALM_S
            yield wait_s
            due_s, self._calm = self._looking.due_s, False
            while self._overdue and not self._loop.is_closed():
                before_s, looked_s = looked_s, time.monotonic()
                self._look(before_s, looked_s, looked_s - before_s)
                yield ALERT_S
                due_s = self._looking.due_s

    def _look(self, before_s: float, looked_s: float, unsure_s: float) -> None:
        calls = self._calls
        frame = of_application(sys._current_frames().get(self._thread))  # noqa: SLF001 - documented for this purpose
        if not self._overdue or (frame is None and not calls):
            return
        if calls and calls[-1].frame_id == id(frame):
            calls[-1].last_s = looked_s  # before the lock is let go, as the answer may come meanwhile
            calls[-1].gap_s = max(calls[-1].gap_s, looked_s - before_s)
            self._charge(calls[-1])
        else:
            if calls:
                self._charge(calls[-1])
            else:
                self._core_wait_s = self._waited_for_cores_s()
            place = None if frame is None else place_of(frame)
            calls.append(_Call(id(frame), place, looked_s, looked_s, before_s, unsure_s))

    def _answer(self) -> None:
        # What the next question changes is read here: it may be asked whenever the lock is let go, as a read does.
        now_s = time.monotonic()
        asked_s, lag_s = self._asked_s, now_s - self._asked_s
        calls, self._calls = self._calls, []
        collected_s = self._collected_s - self._collected_before_s
        self._gap_s, self._alive_s, self._collected_alive_s = CALM_S, now_s, self._collected_s
        self._computed_alive_s = self._computed_s()
        self._overdue = False
        if calls:
            self._charge(calls[-1])
            if lag_s - collected_s >= STALL_S:
                self._alert.suspect(now_s)
        for call, following in zip_longest(calls, calls[1:]):
            ended_by_s = following.first_s if following else now_s
            length_s, length = _length_s(call, ended_by_s, asked_s, now_s)
            length_s -= collected_s
            if call.place and length_s >= STALL_S:
                self._alert.found(now_s)
                self._recorder.note("loop", "stall_s", length_s, call_site=call.place, length=length)
        self._answers += 1
        self._lag_sum_s += lag_s
        self._lag_max_s = max(self._lag_max_s, lag_s)
        if now_s - self._told_s >= LAG_EVERY_S:
            self._recorder.note("loop", "lag_max_s", self._lag_max_s)
            self._recorder.note("loop", "lag_mean_s", self._lag_sum_s / self._answers)
            core_wait_s = self._waited_for_cores_s()
            self._recorder.note("loop", "core_wait_s", core_wait_s - self._told_core_wait_s)
            self._told_core_wait_s = core_wait_s
            self._told_s, self._lag_max_s, self._lag_sum_s, self._answers = now_s, 0.0, 0.0, 0

    def _collects(self, phase: str, what: dict[str, int]) -> None:
        """Hear of a collection, in whichever thread it is made; those of young objects are many, and short."""
        if what["generation"] < FULL:
            return
        now_s = time.monotonic()
        if phase == "start":
            self._collects_since_s = now_s
        else:
            self._collected_s += now_s - self._collects_since_s
            self._recorder.note("loop", "collection_s", now_s - self._collects_since_s)

    def _silent_since_s(self, due_s: float, asked_s: float) -> tuple[float, float]:
        """Guess when the loop went silent, and say how far off that may be.

        It is after its last sign of life, and before what it has computed since. This thread may be late itself: as the
        loop's holds the interpreter's lock and computes, or as the machine lets nobody run. Of the latter, what would
        have begun begins at its end, if that is more than there was time before. But the machine may have kept this
        thread only, while the loop's was in a call that waits: then it began long before.
        """
        alive_s, latest_s = self._alive_s, asked_s - (self._computed_s() - self._computed_alive_s)
        stopped_s = latest_s - due_s
        if stopped_s > due_s - alive_s > 0:
            since_s = alive_s + stopped_s + min(self._gap_s, latest_s - alive_s - stopped_s) / 2
            return since_s, since_s - alive_s
        half_s = min(self._gap_s, max(0.0, latest_s - alive_s)) / 2
        return alive_s + half_s, half_s

    def _computed_s(self) -> float:
        return 0.0 if self._clock is None else time.clock_gettime(self._clock)

    def _charge(self, call: _Call) -> None:
        """Put waits for a core that have ended since the last look down to the call that was seen then."""
        before_s, self._core_wait_s = self._core_wait_s, self._waited_for_cores_s()
        call.core_wait_s += self._core_wait_s - before_s

    def _waited_for_cores_s(self) -> float:
        if self._schedstat is None:
            return 0.0
        return int(os.pread(self._schedstat, 100, 0).split()[1]) / 1e9


def _length_s(call: _Call, ended_by_s: float, asked_s: float, now_s: float) -> tuple[float, str]:
    """Say how long a call took: since something else was seen, if it may have filled all of the lag; else by sight.

    It had ended when something else was seen, or when the loop answered, whichever came first. The last look may be
    long ago then: a call that holds the interpreter's lock makes this thread wait, after its alarm and after each read
    of a file. What its thread waited for a core is not of the call's making. One that was seen once only has no length
    that could be told.

    By sight a length is a guess, and 14 ms were told for 20: the call shared its lag with something else, and how much
    of the time without a look was its own is not known. It is one as well if its beginning may be too far off.
    """
    seen_s = call.last_s - call.first_s
    if not seen_s:
        return 0.0, "guess"
    if ended_by_s - max(asked_s, call.since_s) + ALERT_S < now_s - asked_s:
        return seen_s + call.gap_s - call.core_wait_s, "guess"
    length_s = ended_by_s - call.since_s - call.core_wait_s
    return length_s, "known" if call.unsure_s <= KNOWN_WITHIN * length_s else "guess"
