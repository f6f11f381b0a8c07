"""The check of the distance: what it says, word by word, and where each of its limits is."""

from dataclasses import replace

import pytest

from harness.analysis.checks.added_latency import check_added_latency, is_off, scheduling_ms, tolerance_ms
from harness.model.evidence import Evidence, Sample
from harness.model.verdict import Verdict
from harness.report.sentences.findings import FindingText
from tests.evidence import FAULT, MS, TRIAL, WINDOW, distances, evidence, one, op, sample, told

SOUND = replace(evidence(op(0)), samples=distances(20.9, 0.4))


def judged(trial: Evidence) -> FindingText:
    """What the check says of a trial, in words."""
    return told(check_added_latency(trial))


def at(added_ms: int, measured_ms: float) -> Evidence:
    """A trial at a level at which so much was measured."""
    return replace(SOUND, trial=replace(TRIAL, added_ms=added_ms), samples=distances(measured_ms + 0.5, 0.5))


@pytest.mark.parametrize(("added_ms", "most_ms"), [(0, 1.0), (5, 1.0), (20, 1.0), (100, 5.0)])
def test_a_twentieth_or_a_millisecond_is_allowed_whichever_is_more(added_ms: int, most_ms: float) -> None:
    assert tolerance_ms(replace(TRIAL, added_ms=added_ms), distances(20.5, 0.5)) == pytest.approx(most_ms)


def clean(*round_trips_ms: float) -> tuple[Sample, ...]:
    return tuple(sample("distance", "round_trip_s", value / 1e3, route="clean") for value in round_trips_ms)


def test_what_scheduling_adds_without_any_latency_is_measured_and_allowed_on_top() -> None:
    quiet, busy = [0.4] * 20, [0.4] * 4 + [2.4] * 16
    assert scheduling_ms(clean(*quiet)) == 0.0
    assert scheduling_ms(clean(*busy)) == pytest.approx(2.0)
    assert tolerance_ms(TRIAL, clean(*busy)) == pytest.approx(3.0)
    assert tolerance_ms(replace(TRIAL, added_ms=100), clean(*busy)) == pytest.approx(5.0)
    assert scheduling_ms(clean(0.4, 2.4, 2.4, 2.4)) == 0.0  # too few to tell


def test_a_machine_that_is_slow_throughout_is_allowed_no_more() -> None:
    """Slow is not unsteady: what counts is what comes on top of an undisturbed round trip."""
    assert scheduling_ms(clean(*[5.0] * 20)) == 0.0


def test_on_a_busy_machine_a_distance_is_not_off_where_it_would_be_on_a_quiet_one() -> None:
    own = tuple(one for one in distances(22.5, 0.5) if one.labels["route"] == "async")
    assert is_off(TRIAL, (*own, *clean(*[0.5] * 9)))
    assert not is_off(TRIAL, (*own, *clean(*[0.2] * 2, *[1.0] * 7)))


def test_what_is_just_allowed_is_not_off() -> None:
    assert not is_off(TRIAL, distances(21.5, 0.5))  # 21 ms to the last bit
    assert is_off(TRIAL, distances(21.6, 0.5))
    assert is_off(TRIAL, distances(19.4, 0.5))


def test_both_ways_must_have_been_timed() -> None:
    samples = distances(20.9, 0.4)
    one_way = tuple(sample for sample in samples if sample.labels["route"] == "clean")
    few = (*one_way, *(sample for sample in samples[:3] if sample not in one_way))
    found = judged(replace(SOUND, samples=few))
    assert (found.verdict, found.measured) == (Verdict.UNDECIDED, "")


def test_what_was_measured_is_told() -> None:
    found = judged(SOUND)
    assert (found.measured, found.limit) == ("20.50 ms added per round trip", "20 ± 1.00 ms")
    assert (found.count, found.first, found.worst) == (0, "", "")


def test_where_nothing_stood_between_nothing_was_added() -> None:
    found = judged(replace(SOUND, trial=replace(TRIAL, added_ms=0), samples=(), faults=()))
    assert (found.verdict, found.measured) == (Verdict.PASS, "0.00 ms added per round trip")


def test_one_proof_is_enough() -> None:
    proven = replace(SOUND, faults=(replace(FAULT, proof=""), FAULT))
    assert judged(proven).verdict is Verdict.PASS


def test_the_first_that_escaped_is_told_and_the_fastest() -> None:
    found = judged(replace(SOUND, ops=(op(1, took_ms=9.0), op(2, took_ms=3.0), op(3, took_ms=7.0), op(4))))
    assert (found.verdict, found.count) == (Verdict.FAIL, 3)
    assert (found.first, found.worst) == ("create_user #1 took 9.00 ms", "create_user #2 took 3.00 ms")


def test_a_request_belongs_to_the_window_from_its_first_moment_to_before_its_last() -> None:
    def verdict(started_ns: int) -> Verdict:
        quick = replace(op(0), started_ns=started_ns, ended_ns=started_ns + MS)
        return judged(replace(SOUND, ops=(quick,))).verdict

    assert verdict(WINDOW.start_ns) is verdict(WINDOW.end_ns - 1) is Verdict.FAIL
    assert verdict(WINDOW.end_ns) is Verdict.PASS


@pytest.mark.parametrize(
    ("measured_ms", "verdict"), [(20.6, "pass"), (20.99, "pass"), (21.01, "undecided"), (18.99, "undecided")]
)
def test_added_time_must_be_near_the_plan(measured_ms: float, verdict: str) -> None:
    measured = distances(measured_ms + 0.4, 0.4)
    assert one(check_added_latency(replace(SOUND, samples=measured))).verdict == verdict


def test_a_request_faster_than_one_round_trip_escaped() -> None:
    finding = one(check_added_latency(evidence(op(0), op(1, took_ms=19.9))))
    assert (finding.verdict, finding.count) == (Verdict.FAIL, 1)


def test_a_fault_without_proof_is_undecided() -> None:
    unproven = replace(SOUND, faults=tuple(replace(window, proof="") for window in SOUND.faults))
    assert one(check_added_latency(unproven)).verdict is Verdict.UNDECIDED


def test_only_what_succeeded_in_the_window_can_have_escaped() -> None:
    late = replace(op(1, took_ms=5), started_ns=WINDOW.end_ns, ended_ns=WINDOW.end_ns + 1)
    early = replace(op(2, took_ms=5), started_ns=-2, ended_ns=-1)
    refused = op(3, "fail", took_ms=5)
    assert one(check_added_latency(evidence(op(0), late, early, refused))).verdict is Verdict.PASS
    on_the_dot = op(4, took_ms=20)
    assert one(check_added_latency(evidence(op(0), on_the_dot))).verdict is Verdict.PASS


def test_as_many_readings_as_are_needed_suffice() -> None:
    assert one(check_added_latency(replace(SOUND, samples=distances(20.6, 0.4, count=5)))).verdict is Verdict.PASS


def test_too_few_readings_are_undecided() -> None:
    few = replace(SOUND, samples=distances(20.6, 0.4, count=4))
    assert one(check_added_latency(few)).verdict is Verdict.UNDECIDED


def test_at_zero_without_a_proxy_there_is_nothing_to_measure() -> None:
    near = replace(SOUND, trial=replace(TRIAL, added_ms=0), samples=(), faults=())
    assert one(check_added_latency(near)).verdict is Verdict.PASS


def test_at_zero_a_proxy_that_delays_is_found() -> None:
    near = replace(SOUND, trial=replace(TRIAL, added_ms=0), samples=distances(5.0, 0.4), faults=())
    assert one(check_added_latency(near)).verdict is Verdict.UNDECIDED
