"""The lag of the event loop, and the line of the application that holds it up.

A thread asks the loop for a sign of life, and reads its stack while the answer is overdue, as docs/adding-a-probe.md
tells; ``stalls.py`` works the lengths out. While the loop gives signs of life by itself, as each request that comes is
one, it is asked seldom. After a call that may have been a stall it is looked at more often for a while, as one of 20 ms
is told within a tenth only then; a loop that is merely busy may look like it all the time, so after a while in which no
stall was found comes a pause first, twice as long each time.

A timer in the loop would tell as much, but a loop that waits for its next timer all the time was seen to serve a
twentieth less, whether it was due every millisecond or every five.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from operator import itemgetter

from harness.probe.loop_stack import LoopStack
from harness.probe.pace import piece_s
from harness.probe.recorder import Recorder
from harness.probe.sampler import Look, Sampler
from harness.probe.stalls import ALERT_S, CALM_S, STALL_S, Answer, Spent, Stall, StallDetector
from harness.probe.thread_clocks import ThreadClocks

PUT_OFF_EVERY_S = 0.007  # of signs of life that come by themselves: a system call each time
EARLY_S = 0.05  # sooner, if something else is looked at then
LATEST_S = 0.1  # so often it is asked anyhow, to know how late it is
AGAIN_S = 0.004  # to the second look, where the first saw a call of the application's; after a stall, ALERT_S
ALERT_FOR_S = 2.0  # after a stall
SUSPECTED_FOR_S = 0.4  # after what may have been one
PAUSE_S = 2.0  # the first pause, after the first time in vain
LAG_EVERY_S = 0.1
LASTS_S = LAG_EVERY_S + ALERT_S  # what lasts longer is told before it ends
PIECE_EVERY_S = 0.2  # a piece takes as long as two looks
MOST_SPENT_IN = 5  # of what a loop that is late spends its time in
FULL = 2  # the oldest generation that Python's garbage collector knows


class _Alert:
    """A state in which looks are more frequent: after what may be a stall, unless that was in vain too often."""

    def __init__(self) -> None:
        self._until_s = self._again_s = 0.0
        self._pause_s = PAUSE_S

    def is_on(self, now_s: float) -> bool:
        """Say whether it is time to look more often."""
        return now_s < self._until_s

    def suspect(self, now_s: float) -> None:
        """Note what may be a stall."""
        if now_s >= self._again_s:
            self._until_s = now_s + SUSPECTED_FOR_S
            self._again_s = self._until_s + self._pause_s
            self._pause_s *= 2

    def found(self, now_s: float) -> None:
        """Note a stall: nothing was in vain."""
        self._pause_s = PAUSE_S
        self._until_s = self._again_s = now_s + ALERT_FOR_S


def _none() -> int:
    return 0


class LoopProbe:
    """Notes every stall as ``stall_s`` with its call_site; its ``length`` is ``known`` within a tenth, or a ``guess``.

    Where none of the application's lines is in it, its ``route`` and ``inside``, the function, tell of it. ``proven_s``
    is what no machine can have added, and ``computed_s`` what of that the loop's thread computed. A call that lasts is
    noted as ``lasting_s`` ten times a second, as its end may be far.

    Ten times a second it notes how late the loop was since, ``lag_max_s`` and ``lag_mean_s``, of which ``own_s`` is not
    the machine's, and in what that went by, ``late_in_s``, for ``idle_s`` of it in calls that wait; ``busy_s``, how
    long its thread computed, with how many requests have ``ended`` and how many seconds have ``passed_s``; and how long
    that was ready and had no core, ``core_wait_s``. Where the system does not tell of such waits, none are known.
    ``collection_s`` is how long a full collection of garbage took, ``piece_s`` how fast this interpreter is just now.
    """

    def __init__(self, recorder: Recorder, sampler: Sampler, ended: Callable[[], int] = _none) -> None:
        self._recorder = recorder
        self._sampler = sampler
        self._ended = ended
        self._alert = _Alert()
        self._telling = threading.Lock()
        self._calm = False
        self._put_off_again_s = 0.0
        self._lag_max_s = self._own_max_s = self._lag_sum_s = 0.0
        self._answers = 0
        self._spent: Spent = defaultdict(float)
        self._idle: Spent = defaultdict(float)
        self._collected_s = self._collects_since_s = 0.0

    def start(self) -> None:
        """Begin to watch the loop that runs in this thread."""
        self._loop = asyncio.get_running_loop()
        self._stack = LoopStack()
        self._clocks = ThreadClocks()
        self._told_core_wait_s, self._told_computed_s = self._clocks.core_wait_s(), self._clocks.computed_s()
        self._told_ended = self._ended()
        self._told_s = time.monotonic()
        self._stalls = StallDetector(self._clocks, self._told_s)
        self._looks = self._sampler.add(self._watch(), early_s=EARLY_S)
        gc.callbacks.append(self._collects)

    def beat(self) -> None:
        """Note, from the loop's thread, that the loop is alive; as often as you like, as long as it is started."""
        now_s = time.monotonic()
        self._stalls.beat(now_s, self._collected_s)
        if self._calm and now_s >= self._put_off_again_s:
            self._put_off_again_s = now_s + PUT_OFF_EVERY_S
            self._sampler.put_off(self._looks, min(now_s + CALM_S, self._stalls.asked_s + LATEST_S))

    def _watch(self) -> Look:
        stalls = self._stalls
        stalls.looked_at_by(ThreadClocks())
        due_s, piece_again_s = stalls.alive_s, 0.0
        while True:
            asked_s = time.monotonic()
            stalls.ask(asked_s, due_s, self._stack.seen())
            try:
                self._loop.call_soon_threadsafe(self._answer)
            except RuntimeError:  # the loop is closed
                return
            if asked_s >= piece_again_s:
                piece_again_s = asked_s + PIECE_EVERY_S
                self._recorder.note("loop", "piece_s", piece_s())
            wait_s = ALERT_S if self._alert.is_on(asked_s) else AGAIN_S if stalls.suspects else CALM_S
            self._calm = wait_s == CALM_S
            yield wait_s
            due_s, self._calm = self._looks.due_s, False
            while stalls.overdue and not self._loop.is_closed():
                now_s = time.monotonic()
                stalls.look(now_s, due_s, self._stack.seen())
                if now_s - max(self._told_s, asked_s) > LASTS_S:
                    self._tell_what_lasts(now_s)
                yield ALERT_S
                due_s = self._looks.due_s

    def _answer(self) -> None:
        now_s = time.monotonic()
        answer = self._stalls.answer(now_s, self._collected_s)
        if answer.suspected:
            self._alert.suspect(now_s)
        for stall in answer.stalls:
            self._alert.found(now_s)
            self._note("stall_s", stall.length_s, stall, length="known" if stall.known else "guess")
        self._add(answer)
        if now_s - self._told_s >= LAG_EVERY_S:
            self._tell(now_s)

    def _add(self, answer: Answer) -> None:
        self._answers += 1
        self._lag_sum_s += answer.lag_s
        self._lag_max_s = max(self._lag_max_s, answer.lag_s)
        self._own_max_s = max(self._own_max_s, answer.own_s)
        if answer.own_s >= STALL_S:
            self._add_spent(answer.spent, answer.idle)

    def _add_spent(self, spent: Spent, idle: Spent) -> None:
        for what, spent_s in spent.items():
            self._spent[what] += spent_s
            self._idle[what] += idle[what]

    def _tell(self, now_s: float) -> None:
        """Note what has come together since the last time, unless another thread is about to."""
        if self._telling.acquire(blocking=False):
            try:
                self._tell_alone(now_s)
            finally:
                self._telling.release()

    def _tell_alone(self, now_s: float) -> None:
        note = self._recorder.note
        note("loop", "lag_max_s", self._lag_max_s, own_s=self._own_max_s)
        if self._answers:
            note("loop", "lag_mean_s", self._lag_sum_s / self._answers)
        core_wait_s, computed_s, ended = self._clocks.core_wait_s(), self._clocks.computed_s(), self._ended()
        note("loop", "core_wait_s", core_wait_s - self._told_core_wait_s)
        busy_s = computed_s - self._told_computed_s
        note("loop", "busy_s", busy_s, ended=ended - self._told_ended, passed_s=now_s - self._told_s)
        for (place, route), spent_s in sorted(self._spent.items(), key=itemgetter(1))[-MOST_SPENT_IN:]:
            note("loop", "late_in_s", spent_s, call_site=place, route=route, idle_s=self._idle[place, route])
        self._told_core_wait_s, self._told_computed_s, self._told_ended = core_wait_s, computed_s, ended
        self._told_s, self._lag_max_s, self._own_max_s, self._lag_sum_s, self._answers = now_s, 0.0, 0.0, 0.0, 0
        self._spent.clear()
        self._idle.clear()

    def _tell_what_lasts(self, now_s: float) -> None:
        """Note what the loop has not come out of so far, in the thread that looks."""
        stalls = self._stalls
        self._lag_max_s = max(self._lag_max_s, now_s - stalls.asked_s)
        self._own_max_s = max(self._own_max_s, stalls.own_lag_s)
        self._add_spent(*stalls.spent_so_far())
        self._tell(now_s)
        if stall := stalls.lasting:
            self._note("lasting_s", stall.length_s, stall)

    def _note(self, metric: str, value: float, stall: Stall, **labels: str) -> None:
        self._recorder.note(
            "loop",
            metric,
            value,
            call_site=stall.call_site,
            route=stall.route or None,
            inside=stall.inside,
            proven_s=stall.proven_s,
            computed_s=stall.computed_s,
            **labels,
        )

    def _collects(self, phase: str, what: dict[str, int]) -> None:
        """Note a collection, in whichever thread it is made; those of young objects are many, and short."""
        if what["generation"] < FULL:
            return
        now_s = time.monotonic()
        if phase == "start":
            self._collects_since_s = now_s
        else:
            self._collected_s += now_s - self._collects_since_s
            self._recorder.note("loop", "collection_s", now_s - self._collects_since_s)
