"""The calls that held an event loop up, and for how long: worked out from when its thread was seen in them.

The loop is asked for a sign of life, and its thread is looked at until it answers. The same call of the same function,
seen twice in a row meanwhile, held it up. Nothing here looks or waits by itself: ``loop.py`` does.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from harness.probe.call_site import FRAMEWORK, Place
from harness.probe.loop_stack import Seen
from harness.probe.passed_time import Passed, PassedTime
from harness.probe.thread_clocks import ThreadClocks

CALM_S = 0.014  # from one question to the next: a call of 20 ms is asked about, and seen again before it ends
ALERT_S = 0.002  # between two looks while an answer is overdue
SWITCH_S = 0.005  # so long a thread that wants the interpreter's lock lets the one that has it go on, if it can
KNOWN_WITHIN = 0.1  # of a length; one that may be further off is a guess
STALL_S = 0.005  # shorter calls are work, and count as lag only


Spent = dict[tuple[Place, str], float]  # seconds by place and route


class Stall(NamedTuple):
    """A call that held the loop up, by the application's line or, where it is the framework's, by route and function.

    Its length is ``known`` within a tenth, or a guess. Of that, ``proven_s`` is what no machine can have added, and
    ``computed_s`` what of it the thread computed.
    """

    call_site: Place
    route: str
    inside: str
    length_s: float
    known: bool
    proven_s: float
    computed_s: float


class Answer(NamedTuple):
    """The answer of a loop: how late it is, whether one call may have made it so, and those that are known to have.

    Of the lag, ``own_s`` is what no machine can have added, and ``spent`` says in what it went by, by place and route;
    ``idle`` says how much of that in calls that wait.
    """

    lag_s: float
    suspected: bool
    stalls: list[Stall]
    own_s: float
    spent: Spent
    idle: Spent


@dataclass
class _Call:
    """A call that the loop was seen in while its answer was overdue; one that nobody knows has no place."""

    call_id: int
    call_site: Place | None
    route: str
    inside: str
    directly: bool
    first_s: float
    last_s: float
    since_s: float  # it may have begun as early: when something else was seen last, or the loop went silent
    unsure_s: float  # of since when
    gap_s: float = ALERT_S  # the longest time between two looks
    core_wait_s: float = 0.0
    proven_s: float = 0.0
    computed_s: float = 0.0

    @property
    def what(self) -> tuple[Place, str]:
        """What a loop's time may go to: a line, and a route."""
        return self.call_site or FRAMEWORK, self.route


class StallDetector:
    """Finds the calls that hold a loop up.

    The loop's thread tells of its signs of life, by ``beat`` and ``answer``; another one tells when it asked and what
    it saw. Times are of the monotonic clock; ``due_s`` is when that thread wanted to look.

    Attributes:
        asked_s: When the loop was asked last.
        alive_s: When it last gave a sign of life.
        overdue: Whether it has not answered yet.
    """

    def __init__(self, clocks: ThreadClocks, now_s: float) -> None:
        self.asked_s, self.alive_s, self.overdue = 0.0, now_s, False
        self._own_lag_s = 0.0
        self._clocks = clocks
        self._passed = PassedTime(clocks, now_s)
        self._calls: list[_Call] = []
        self._spent: Spent = defaultdict(float)
        self._idle: Spent = defaultdict(float)
        self._gap_s = CALM_S
        self._looked_s = now_s
        self._computed_alive_s = clocks.computed_s()
        # What collecting garbage had taken at the last sign of life, and at that before the question.
        self._collected_alive_s = self._collected_before_s = 0.0

    @property
    def suspects(self) -> bool:
        """Whether a call of the application's has been seen since the loop was asked, which has not answered yet."""
        return any(call.directly for call in self._calls)

    @property
    def lasting(self) -> Stall | None:
        """The call that the loop was seen in last, if it has been in it for long enough, and has not answered yet."""
        call = self._calls[-1] if self._calls else None
        return _stall(call, call.proven_s, known=False, pause_s=self._passed.waits_s()) if call else None

    @property
    def own_lag_s(self) -> float:
        """How late it is since it was asked, by no fault of the machine's."""
        return max(0.0, self._own_lag_s - self._passed.waits_s())

    def spent_so_far(self) -> tuple[Spent, Spent]:
        """Return in what the lag went by, and idly, since it was asked or this was; the answer tells the rest only."""
        spent, self._spent = self._spent, defaultdict(float)
        idle, self._idle = self._idle, defaultdict(float)
        return spent, idle

    def looked_at_by(self, clocks: ThreadClocks) -> None:
        """Take the thread of these clocks as the one that asks and looks."""
        self._passed.looked_at_by(clocks)

    def beat(self, now_s: float, collected_s: float) -> None:
        """Note a sign of life that comes by itself, and how long garbage has been collected so far."""
        self._gap_s, self.alive_s, self._collected_alive_s = now_s - self.alive_s, now_s, collected_s

    def ask(self, now_s: float, due_s: float, seen: Seen | None) -> None:
        """Note a question, and what is seen with it."""
        self.asked_s, alive_s = now_s, self.alive_s
        computed_s = self._clocks.computed_s() - self._computed_alive_s
        since_s = silent_since_s(alive_s, computed_s, self._gap_s, due_s, now_s)
        self._collected_before_s = self._collected_alive_s
        passed = self._passed.read(now_s, due_s)
        self._own_lag_s = passed.process_kept_s
        self._spent, self._idle = defaultdict(float), defaultdict(float)
        self.overdue = True
        self._see(seen, since_s, now_s, since_s - alive_s)
        self._credit(passed, passed.process_kept_s, 0.0, begins=True)

    def look(self, now_s: float, due_s: float, seen: Seen | None) -> None:
        """Note what is seen later on, while the answer is overdue."""
        before_s = self._looked_s
        goes_on = self._see(seen, before_s, now_s, now_s - before_s)
        passed = self._passed.read(now_s, due_s)
        if self.overdue:  # as the answer may have come meanwhile
            self._own_lag_s += passed.process_ran_s
            self._credit(passed, passed.process_ran_s, passed.idle_s, begins=not goes_on)

    def answer(self, now_s: float, collected_s: float) -> Answer:
        """Note the answer, and how long garbage has been collected so far; say what held the loop up."""
        # What the next question changes is read here: it may be asked whenever the lock is let go.
        asked_s, lag_s, own_s = self.asked_s, now_s - self.asked_s, self._own_lag_s
        spent, idle = self._spent, self._idle
        calls, self._calls = self._calls, []
        pause_s = collected_s - self._collected_before_s
        looked_s = self._looked_s
        self._gap_s, self.alive_s, self._collected_alive_s = CALM_S, now_s, collected_s
        self._computed_alive_s = self._clocks.computed_s()
        self.overdue = False
        if calls or lag_s >= STALL_S:
            passed = self._passed.read(now_s, looked_s + ALERT_S)
            own_s += passed.process_ran_s
            if calls:
                spent[calls[-1].what] += passed.process_ran_s
                idle[calls[-1].what] += passed.idle_s
                _take_off(calls[-1], passed)
        stalls = []
        for call, following in zip_longest(calls, calls[1:]):
            length_s, known = _length_s(call, following.first_s if following else now_s, asked_s, now_s)
            if stall := _stall(call, length_s, known=known, pause_s=pause_s):
                stalls.append(stall)
        own_s = max(0.0, own_s - pause_s)
        return Answer(lag_s, bool(calls) and lag_s - pause_s >= STALL_S, stalls, own_s, spent, idle)

    def _see(self, seen: Seen | None, before_s: float, now_s: float, unsure_s: float) -> bool:
        """Note a call, and say whether it is the one that was seen before."""
        self._looked_s = now_s
        calls = self._calls
        if not self.overdue or (seen is None and not calls):
            return False
        call_id = id(seen.call) if seen else 0
        if calls and calls[-1].call_id == call_id:
            calls[-1].last_s = now_s  # before the lock is let go, as the answer may come meanwhile
            calls[-1].gap_s = max(calls[-1].gap_s, now_s - before_s)
            return True
        place, route, inside = (seen.place, seen.route, seen.inside) if seen else (None, "", "")
        directly = seen is not None and seen.directly
        calls.append(_Call(call_id, place, route, inside, directly, now_s, now_s, before_s, unsure_s))
        return False

    def _credit(self, passed: Passed, ran_s: float, idle_s: float, *, begins: bool) -> None:
        """Put down what passed since the last look.

        A wait for a core that has ended is of the call that was seen then. What was computed is of the one that is seen
        now: a call that holds the interpreter's lock is seen at its end. How much of it, a call that begins shares with
        those before it; only what is longer than others would have kept the lock must be its own.
        """
        calls = self._calls
        if not calls:
            self._spent[FRAMEWORK, ""] += ran_s
            return
        call = calls[-1]
        self._spent[call.what] += ran_s
        self._idle[call.what] += idle_s
        if begins:
            call.proven_s = call.computed_s = max(0.0, passed.kept_s - SWITCH_S)
            if len(calls) > 1:
                _take_off(calls[-2], passed)
        else:
            call.proven_s += passed.ran_s
            call.computed_s += passed.computed_s
            call.core_wait_s += passed.core_wait_s


def _take_off(call: _Call, passed: Passed) -> None:
    """Take waits for a core that have ended off the call that was seen while they went on."""
    call.core_wait_s += passed.core_wait_s
    call.proven_s -= passed.core_wait_s


def _stall(call: _Call, length_s: float, *, known: bool, pause_s: float) -> Stall | None:
    """Return a call as a stall, if it is long enough for one; of the framework's, if so much is proven of it."""
    length_s, proven_s = length_s - pause_s, max(0.0, call.proven_s - pause_s)
    if call.call_site is None or length_s < STALL_S or (call.call_site == FRAMEWORK and proven_s < STALL_S):
        return None
    return Stall(call.call_site, call.route, call.inside, length_s, known, proven_s, call.computed_s)


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
    that looks wait. One that was seen once only is as long as it is proven to have kept the lock. If it
    shared its lag, its length is a guess by sight, and 14 ms were told for 20: how much of the time without a look was
    its own is not known. It is a guess as well if its beginning may be too far off.
    """
    seen_s = call.last_s - call.first_s
    if not seen_s:
        return max(0.0, call.proven_s), False
    if ended_by_s - max(asked_s, call.since_s) + ALERT_S < now_s - asked_s:
        return seen_s + call.gap_s - call.core_wait_s, False
    length_s = ended_by_s - call.since_s - call.core_wait_s
    return length_s, call.unsure_s <= KNOWN_WITHIN * length_s
