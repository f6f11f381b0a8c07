"""How much of a stall no machine can have added, calls that keep the lock and are seen once, and those of no line."""

import pytest

from harness.probe.call_site import FRAMEWORK
from harness.probe.loop_stack import Seen
from harness.probe.stalls import ALERT_S, STALL_S, SWITCH_S, StallDetector
from tests.seen_loop import ANOTHER, ONE, Clocks, one_call

ASKED_S = 10.0
MS = 1e-3
ANSWER, OTHER_ANSWER = (one._replace(is_of_application=False, directly=False) for one in (ONE, ANOTHER))


class Watched:
    """A loop that is looked at every 2 ms, or later, as its thread computes or does not."""

    def __init__(self, seen: Seen | None, late_s: float = 0.0, *, computes: bool = False) -> None:
        self.clocks, self.now_s = Clocks(), ASKED_S
        self.stalls = StallDetector(self.clocks, ASKED_S)  # type: ignore[arg-type]  # a stand-in with what it calls
        self._goes_by(late_s, computes=computes)
        self.stalls.ask(self.now_s, ASKED_S, seen)

    def look(self, seen: Seen | None, late_s: float = 0.0, *, computes: bool = False) -> None:
        due_s = self.now_s + ALERT_S
        self._goes_by(ALERT_S + late_s, computes=computes)
        self.stalls.look(self.now_s, due_s, seen)

    def _goes_by(self, seconds: float, *, computes: bool) -> None:
        self.now_s += seconds
        self.clocks.computed += seconds if computes else 0.0

    def found(self) -> list[tuple[str, float, float]]:
        """What was called, how much of it is proven, and how much of that computed, in milliseconds."""
        stalls = self.stalls.answer(self.now_s, 0.0).stalls
        return [(one.call_site[2], round(one.proven_s / MS, 3), round(one.computed_s / MS, 3)) for one in stalls]


@pytest.mark.parametrize("computes", [True, False])
def test_a_call_that_is_seen_in_time_is_proven_but_for_its_beginning(*, computes: bool) -> None:
    loop = Watched(ONE)
    for _ in range(10):
        loop.look(ONE, computes=computes)
    assert loop.found() == [("one_call", 20, 20 if computes else 0)]


def test_of_a_machine_that_stands_still_nothing_is() -> None:
    loop = Watched(ONE)
    loop.look(ONE, late_s=0.05)
    assert loop.found() == [("one_call", 2, 0)]


def test_one_that_keeps_the_lock_is_proven_by_what_it_computes() -> None:
    loop = Watched(ONE)
    loop.look(ONE, late_s=0.05, computes=True)
    assert loop.found() == [("one_call", 52, 52)]


@pytest.mark.parametrize("seen", [ONE, ANSWER])
def test_one_that_kept_the_lock_and_is_seen_once_is_a_stall_but_for_as_long_as_any_may(seen: Seen) -> None:
    """By whether it was asked first, or looked at later, at its end."""
    name = "one_call" if seen is ONE else FRAMEWORK[2]
    proven = [(name, 20, 20)]
    assert Watched(seen, late_s=0.02 + SWITCH_S, computes=True).found() == proven
    loop = Watched(OTHER_ANSWER)
    loop.look(seen, late_s=0.02 + SWITCH_S, computes=True)
    loop.look(None)
    assert loop.found() == proven


def test_one_that_is_seen_once_and_kept_nobody_waiting_is_none() -> None:
    assert Watched(ONE, late_s=0.02 + SWITCH_S).found() == []
    assert Watched(ONE, late_s=SWITCH_S + 0.9 * STALL_S, computes=True).found() == []
    loop = Watched(OTHER_ANSWER)
    loop.look(ONE)
    assert loop.found() == []


def test_answers_of_one_request_are_one_stall_and_tell_what_they_are_in() -> None:
    loop = Watched(ANSWER)
    for _ in range(3):
        loop.look(ANSWER, late_s=0.006, computes=True)
    (stall,) = loop.stalls.answer(loop.now_s, 0.0).stalls
    assert (stall.call_site, stall.inside) == (FRAMEWORK, f"{one_call.__module__}.one_call")
    assert stall.proven_s == pytest.approx(0.024)


def test_answers_of_many_requests_that_take_a_moment_each_are_no_stall() -> None:
    loop = Watched(ANSWER)
    for _ in range(10):
        loop.look(OTHER_ANSWER, computes=True)
        loop.look(ANSWER, computes=True)
    assert loop.found() == []


def test_a_call_of_the_frameworks_that_is_not_proven_is_no_stall() -> None:
    loop = Watched(ANSWER)
    loop.look(ANSWER, late_s=0.05)
    assert loop.found() == []


def test_only_a_line_on_the_loops_own_stack_has_it_looked_at_sooner() -> None:
    """What SQLAlchemy does is seen all the time while a loop is busy."""
    assert Watched(ONE).stalls.suspects
    assert not Watched(ANSWER).stalls.suspects
    assert not Watched(ONE._replace(directly=False)).stalls.suspects


def test_what_lasts_is_known_before_it_ends() -> None:
    loop = Watched(ONE)
    assert loop.stalls.lasting is None
    for _ in range(50):
        loop.look(ONE)
    stall = loop.stalls.lasting
    assert stall
    assert (stall.call_site[2], round(stall.proven_s, 6), round(loop.stalls.own_lag_s, 6)) == ("one_call", 0.1, 0.1)
    assert Watched(None).stalls.lasting is None


def test_what_lasts_for_want_of_a_core_is_nobodys() -> None:
    """Linux tells of such a wait only when it ends."""
    loop = Watched(ONE, computes=True)
    loop.look(ONE, computes=True)
    for _ in range(50):
        loop.look(ONE)
    loop.clocks.ready = True
    assert loop.stalls.lasting is None
    assert loop.stalls.own_lag_s == pytest.approx(ALERT_S)
    loop.clocks.waited = 50 * ALERT_S
    loop.look(ANOTHER)
    assert loop.found() == []


def test_a_lag_is_the_loops_own_but_for_what_the_machine_did() -> None:
    loop = Watched(None, late_s=0.01, computes=True)
    loop.clocks.waited += 0.001
    loop.look(None)
    loop.look(None, late_s=0.5)
    loop.look(None)
    answer = loop.stalls.answer(loop.now_s, 0.0)
    assert answer.lag_s == pytest.approx(0.506)
    assert answer.own_s == pytest.approx(0.01 + 3 * ALERT_S - 0.001)


def test_collections_of_garbage_are_none_of_its_own() -> None:
    loop = Watched(ONE)
    for _ in range(10):
        loop.look(ONE)
    answer = loop.stalls.answer(loop.now_s, 0.012)
    assert (answer.own_s, answer.stalls[0].proven_s) == (pytest.approx(0.008), pytest.approx(0.008))


def test_what_a_lag_goes_by_in_is_told_by_line() -> None:
    loop = Watched(ONE, late_s=0.004, computes=True)
    loop.look(ANOTHER)
    loop.look(None)
    loop.look(ONE)
    spent = loop.stalls.answer(loop.now_s + 0.001, 0.0).spent
    assert {place[2]: round(seconds, 6) for (place, _), seconds in spent.items()} == {
        "one_call": 0.007,
        "another_call": 0.002,
        FRAMEWORK[2]: 0.002,
    }
