"""What is told of looks and answers that come as they may: late, in between, or not at all.

The interpreter's lock is let go at each reading of a clock that is a file, and the other thread goes on.
"""

import math

import pytest

from harness.probe.loop_stack import Seen
from harness.probe.stalls import ALERT_S, CALM_S, STALL_S, Stall, StallDetector, silent_since_s
from tests.seen_loop import ANOTHER, ONE, Clocks

SECONDS = 0.1
ASKED_S = 10.0
OUTSIDE = None  # no call of the application's


def look(stalls: StallDetector, at_s: float, seen: Seen | None) -> None:
    """Look as soon as that was to be."""
    stalls.look(at_s, at_s, seen)


def asked_at_once(clocks: Clocks, frame: Seen | None, at_s: float = ASKED_S) -> StallDetector:
    """Ask a loop that has just given a sign of life."""
    stalls = StallDetector(clocks, 0.0)
    stalls.beat(at_s, 0.0)
    stalls.ask(at_s, at_s, frame)
    return stalls


def asked_after_silence(clocks: Clocks, frame: Seen | None) -> StallDetector:
    """Ask a loop that has computed ever since its last sign of life, which is none of its lag."""
    stalls = StallDetector(clocks, ASKED_S - SECONDS)
    clocks.computed = SECONDS
    stalls.ask(ASKED_S, ASKED_S, frame)
    return stalls


def told(stalls: list[Stall]) -> list[tuple[str, float, bool]]:
    """The function, the length, and whether that is known."""
    return [(stall.call_site[2], round(stall.length_s, 9), stall.known) for stall in stalls]


@pytest.mark.parametrize("when", ["as the answer is worked out", "as it is looked at"])
def test_a_stall_is_told_whatever_comes_in_between(when: str) -> None:
    clocks, found = Clocks(), []
    stalls = asked_at_once(clocks, ONE)
    ended_s = ASKED_S + SECONDS
    if when == "as it is looked at":
        clocks.meanwhile = lambda: found.extend(stalls.answer(ended_s, 0.0).stalls)
        look(stalls, ended_s, ONE)
    else:
        look(stalls, ended_s, ONE)
        clocks.meanwhile = lambda: stalls.ask(ended_s, ended_s, OUTSIDE)
        found.extend(stalls.answer(ended_s, 0.0).stalls)
    assert told(found) == [("one_call", SECONDS, True)]
    assert stalls.overdue == (when == "as the answer is worked out")


def test_a_look_that_comes_after_the_answer_tells_nothing_of_the_next() -> None:
    stalls = asked_at_once(Clocks(), ONE)
    stalls.answer(ASKED_S, 0.0)
    look(stalls, ASKED_S + ALERT_S, ONE)
    assert not stalls.suspects


def test_its_line_is_the_one_that_it_was_first_seen_in() -> None:
    stalls = asked_at_once(Clocks(), ONE)
    look(stalls, ASKED_S + SECONDS, ONE)
    (stall,) = stalls.answer(ASKED_S + SECONDS, 0.0).stalls
    assert stall.call_site == ("seen_loop.py", ONE.call.f_lineno, "one_call")


def test_a_call_that_makes_looks_late_is_told_whole() -> None:
    """It was seen at its beginning and 6 ms later, and never again until the answer 94 ms later."""
    stalls = asked_at_once(Clocks(), ONE)
    look(stalls, ASKED_S + 0.006, ONE)
    answer = stalls.answer(ASKED_S + SECONDS, 0.0)
    assert told(answer.stalls) == [("one_call", SECONDS, True)]
    assert answer.lag_s == pytest.approx(SECONDS)


@pytest.mark.parametrize("elsewhere", [ANOTHER, OUTSIDE], ids=["another call", "outside"])
def test_a_call_has_ended_when_something_else_is_seen(elsewhere: Seen | None) -> None:
    stalls = asked_after_silence(Clocks(), ONE)
    look(stalls, ASKED_S + 0.006, ONE)
    look(stalls, ASKED_S + 0.03, elsewhere)
    # what was seen, and once more as long as between looks
    assert told(stalls.answer(ASKED_S + SECONDS, 0.0).stalls) == [("one_call", 0.012, False)]


def test_a_call_that_is_seen_until_just_before_the_answer_is_told_until_then() -> None:
    """It filled all of the lag but its last moment, in which something else was seen."""
    stalls = asked_at_once(Clocks(), ONE)
    ended_s = ASKED_S + SECONDS
    look(stalls, ended_s - 0.01, ONE)
    look(stalls, ended_s, OUTSIDE)
    assert told(stalls.answer(ended_s + ALERT_S / 4, 0.0).stalls) == [("one_call", SECONDS, True)]


def test_two_calls_with_something_else_in_between_are_not_taken_as_one() -> None:
    stalls = asked_at_once(Clocks(), ONE)
    look(stalls, ASKED_S + SECONDS / 2, OUTSIDE)
    look(stalls, ASKED_S + SECONDS, ONE)
    answer = stalls.answer(ASKED_S + SECONDS + ALERT_S, 0.0)
    assert answer.stalls == []
    assert answer.suspected


def test_what_is_not_the_applications_is_no_stall_of_it() -> None:
    stalls = asked_at_once(Clocks(), ONE)
    look(stalls, ASKED_S + 0.002, OUTSIDE)
    look(stalls, ASKED_S + SECONDS, OUTSIDE)
    assert stalls.answer(ASKED_S + SECONDS, 0.0).stalls == []


def test_a_loop_that_is_seen_in_no_call_of_the_applications_is_not_suspected() -> None:
    stalls = asked_at_once(Clocks(), OUTSIDE)
    look(stalls, ASKED_S + SECONDS, OUTSIDE)
    assert not stalls.suspects
    answer = stalls.answer(ASKED_S + SECONDS, 0.0)
    assert (answer.suspected, answer.stalls) == (False, [])


@pytest.mark.parametrize(("took_s", "is_one"), [(0.9 * STALL_S, False), (1.1 * STALL_S, True)])
def test_a_short_call_is_work(took_s: float, *, is_one: bool) -> None:
    stalls = asked_at_once(Clocks(), ONE)
    assert stalls.suspects
    look(stalls, ASKED_S + took_s, ONE)
    answer = stalls.answer(ASKED_S + took_s, 0.0)
    assert (bool(answer.stalls), answer.suspected, stalls.suspects) == (is_one, is_one, False)


def test_a_call_that_is_seen_as_the_loop_is_asked_began_when_that_went_silent() -> None:
    stalls = asked_after_silence(Clocks(), ONE)
    look(stalls, ASKED_S + SECONDS / 2, ONE)
    assert told(stalls.answer(ASKED_S + SECONDS, 0.0).stalls) == [("one_call", 2 * SECONDS, True)]


@pytest.mark.parametrize("computed_s", [0.0, SECONDS, 2 * SECONDS])
def test_the_loop_is_silent_since_its_last_sign_of_life(computed_s: float) -> None:
    """In between, that is, of when the next was due; and if it has computed ever since, it is silent ever since."""
    clocks = Clocks()
    stalls = asked_at_once(clocks, ONE)
    stalls.answer(ASKED_S, 0.0)
    clocks.computed = computed_s
    asked_s = ASKED_S + SECONDS
    stalls.ask(asked_s, math.inf, ONE)
    look(stalls, asked_s + ALERT_S, ONE)
    silent_s = SECONDS if computed_s else SECONDS - CALM_S / 2
    ((_, length_s, _),) = told(stalls.answer(asked_s + ALERT_S, 0.0).stalls)
    assert length_s == pytest.approx(silent_s + ALERT_S)


def test_what_was_computed_before_a_sign_of_life_counts_no_more() -> None:
    clocks = Clocks()
    stalls = asked_at_once(clocks, ONE)
    clocks.computed = 1.0
    stalls.answer(ASKED_S, 0.0)
    asked_s = ASKED_S + SECONDS
    stalls.ask(asked_s, asked_s, ONE)
    look(stalls, asked_s + ALERT_S, ONE)
    ((_, length_s, _),) = told(stalls.answer(asked_s + ALERT_S, 0.0).stalls)
    assert length_s == pytest.approx(SECONDS - CALM_S / 2 + ALERT_S)


LATE = [
    pytest.param(2, 0, 9, id="long stopped by the machine, or this thread only"),
    pytest.param(6, 0, 5, id="shortly stopped"),
    pytest.param(2, 8, 1, id="the loop held the lock"),
    pytest.param(-2, 0, 5, id="late before the sign of life"),
    pytest.param(-2, 9, 0.5, id="late before the sign of life, as the loop held the lock"),
]


@pytest.mark.parametrize(("due_ms", "computed_ms", "silent_since_ms"), LATE)
def test_a_thread_that_is_late_itself_asks(due_ms: float, computed_ms: float, silent_since_ms: float) -> None:
    """Ten ms after a sign of life."""
    since_s = silent_since_s(0.0, computed_ms / 1e3, CALM_S, due_ms / 1e3, 0.01)
    assert since_s == pytest.approx(silent_since_ms / 1e3)


TIMES = [*((*case.values, times) for case in LATE[:-1] for times in (9.5, 10.5)), (-2, 9, 0.5, 21)]


@pytest.mark.parametrize(("due_ms", "computed_ms", "unsure_ms", "times"), TIMES)
def test_that_guess_may_be_as_far_off_as_the_sign_of_life(
    due_ms: float, computed_ms: float, unsure_ms: float, times: float
) -> None:
    """A length that is ten times as long is known."""
    clocks = Clocks()
    stalls = StallDetector(clocks, 0.0)
    clocks.computed = computed_ms / 1e3
    stalls.ask(0.01, due_ms / 1e3, ONE)
    length_s = times * unsure_ms / 1e3
    answered_s = unsure_ms / 1e3 + length_s
    look(stalls, answered_s, ONE)
    assert told(stalls.answer(answered_s, 0.0).stalls) == [("one_call", round(length_s, 9), times > 10)]


@pytest.mark.parametrize(
    ("silent_s", "late_s", "known"),
    [
        pytest.param(SECONDS, ALERT_S, True, id="silent, 7 ms of 97 unknown"),
        pytest.param(CALM_S, ALERT_S, False, id="silent, 7 ms of 11 unknown"),
        pytest.param(0.0, 2 * ALERT_S, True, id="first seen after 4 ms of 100"),
        pytest.param(0.0, 0.02, False, id="first seen after 20 ms of 100"),
    ],
)
def test_a_length_is_known_as_well_as_its_beginning(silent_s: float, late_s: float, *, known: bool) -> None:
    """Silent before the question, or seen by a late look after it."""
    stalls = StallDetector(Clocks(), ASKED_S - silent_s)
    stalls.ask(ASKED_S, math.inf, ONE if silent_s else OUTSIDE)
    look(stalls, ASKED_S + late_s, ONE)
    look(stalls, ASKED_S + late_s + ALERT_S, ONE)
    answered_s = ASKED_S + (2 * ALERT_S if silent_s else SECONDS)
    assert [stall.known for stall in stalls.answer(answered_s, 0.0).stalls] == [known]


@pytest.mark.parametrize(("unsure_share", "known"), [(0.09, True), (0.11, False)])
def test_a_length_is_a_guess_if_its_beginning_may_be_a_tenth_off(unsure_share: float, *, known: bool) -> None:
    """The loop was silent for as long as is usual between two signs of life: it went silent in the middle of it."""
    stalls = StallDetector(Clocks(), 0.0)
    unsure_s = unsure_share * SECONDS
    alive_s = 2 * unsure_s
    stalls.beat(alive_s, 0.0)
    asked_s = alive_s + 2 * unsure_s
    stalls.ask(asked_s, asked_s, ONE)
    look(stalls, asked_s + SECONDS / 2, ONE)  # it is the first look that tells, though this one is late
    found = stalls.answer(alive_s + unsure_s + SECONDS, 0.0).stalls
    assert told(found) == [("one_call", SECONDS, known)]


def test_a_call_began_after_another_was_seen() -> None:
    """The loop went silent long before, in the other; both may have been one lag."""
    stalls = asked_after_silence(Clocks(), ANOTHER)
    look(stalls, ASKED_S + SECONDS / 4, ONE)
    look(stalls, ASKED_S + SECONDS / 2, ONE)
    assert told(stalls.answer(ASKED_S + SECONDS, 0.0).stalls) == [("one_call", SECONDS, False)]


def test_what_the_thread_waited_for_a_core_is_taken_off() -> None:
    """Of what it had waited before it was seen in this call, nothing is."""
    clocks = Clocks()
    clocks.waited = 1.0
    stalls = asked_at_once(clocks, ONE)
    clocks.waited += 0.02
    look(stalls, ASKED_S + SECONDS / 2, ONE)
    clocks.waited += 0.01
    ((_, length_s, _),) = told(stalls.answer(ASKED_S + SECONDS, 0.0).stalls)
    assert length_s == pytest.approx(SECONDS - 0.03)


def test_a_wait_for_a_core_is_of_the_call_that_was_seen_before_it_ended() -> None:
    clocks = Clocks()
    stalls = asked_at_once(clocks, ANOTHER)
    clocks.waited += 0.02
    look(stalls, ASKED_S + ALERT_S, ONE)
    look(stalls, ASKED_S + SECONDS, ONE)
    assert told(stalls.answer(ASKED_S + SECONDS, 0.0).stalls) == [("one_call", SECONDS, True)]


def test_what_garbage_was_collected_since_the_last_sign_of_life_is_taken_off() -> None:
    stalls = StallDetector(Clocks(), 0.0)
    stalls.beat(ASKED_S, 1.0)
    stalls.ask(ASKED_S, ASKED_S, ONE)
    look(stalls, ASKED_S + SECONDS, ONE)
    ((_, length_s, _),) = told(stalls.answer(ASKED_S + SECONDS, 1.03).stalls)
    assert length_s == pytest.approx(SECONDS - 0.03)
    later_s = ASKED_S + SECONDS
    stalls.ask(later_s, later_s, ONE)
    look(stalls, later_s + SECONDS, ONE)
    answer = stalls.answer(later_s + SECONDS, 1.03 + SECONDS)
    assert (answer.stalls, answer.suspected) == ([], False)
