"""The check of a twin against its bare application: what it fails, what it can't tell, and what it says."""

from dataclasses import replace

import pytest

from harness.analysis.checks.framework_overhead import MOST_LOST, check_framework_overhead
from harness.model.measures import FrameworkOverhead, Interval, TargetOverheads
from harness.model.verdict import Verdict
from harness.report.sentences.findings import FindingText
from tests.evidence import told


def interval(low: float, high: float) -> Interval:
    return Interval(value=(low * high) ** 0.5, low=low, high=high, blocks=5)


def overhead(kept: Interval, processor: Interval = interval(1.0, 1.2)) -> FrameworkOverhead:  # noqa: B008 - frozen
    return FrameworkOverhead(
        scenario="ping",
        target="sync",
        reference="sync:reference",
        throughput_rps=interval(900, 1100),
        reference_rps=interval(1000, 1200),
        kept=kept,
        processor=processor,
    )


def judged(overheads: list[FrameworkOverhead]) -> FindingText:
    """What the check says of the synchronous twin, in words."""
    compared = TargetOverheads(target="sync", reference="sync:reference", overheads=tuple(overheads))
    return told(check_framework_overhead(compared))


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.6, 0.799, Verdict.FAIL),  # all of it beyond the margin
        (0.6, 0.8, Verdict.PASS),
        (0.6, 1.1, Verdict.PASS),
        (0.9, 1.1, Verdict.PASS),
    ],
)
def test_a_twin_fails_where_the_whole_interval_lies_beyond_the_margin(
    low: float, high: float, verdict: Verdict
) -> None:
    found = judged([overhead(interval(low, high))])
    assert (found.check, found.verdict, found.count) == ("framework_overhead", verdict, int(verdict is Verdict.FAIL))
    assert ("mistuned" in found.summary) == (verdict is Verdict.FAIL)


@pytest.mark.parametrize(("low", "verdict"), [(1.251, Verdict.FAIL), (1.25, Verdict.PASS)])
def test_a_generator_that_limits_both_hides_nothing_that_costs_processor_time(low: float, verdict: Verdict) -> None:
    assert judged([overhead(interval(0.95, 1.0), interval(low, 1.6))]).verdict is verdict


def test_a_pass_says_what_slowdown_is_left_possible() -> None:
    assert "at most 38% slower" in judged([overhead(interval(0.62, 1.1))]).summary
    assert "at most 0% slower" in judged([overhead(interval(1.01, 1.1))]).summary


def test_without_two_blocks_nothing_is_known() -> None:
    one = overhead(Interval(value=0.2, low=None, high=None, blocks=1))
    for none in ([], [one]):
        found = judged(none)
        assert (found.verdict, found.count) == (Verdict.UNDECIDED, 1)


def test_what_the_bare_application_gave_is_told_with_its_intervals() -> None:
    found = judged([overhead(interval(0.81, 1.0), interval(1.0, 1.21))])
    assert found.measured == (
        "ping: 0.90 (0.81 to 1.00) of the throughput of sync:reference,"
        " 1.10 (1.00 to 1.21) of its processor time a request"
    )
    assert found.limit == "at least 0.80 of the throughput, at most 1.25 of the time"
    assert MOST_LOST == 0.2


def test_the_worst_of_several_decides() -> None:
    sound, slow = overhead(interval(0.9, 1.0)), replace(overhead(interval(0.4, 0.6)), scenario="other")
    assert judged([sound, slow]).verdict is Verdict.FAIL


def test_a_share_of_throughput_and_a_ratio_of_times_say_what_they_are() -> None:
    compared = TargetOverheads(target="x", reference="y", overheads=(overhead(interval(0.9, 1.0)),))
    (found,) = check_framework_overhead(compared)
    assert {name: one.unit for name, one in found.values.items()} == {
        **dict.fromkeys(("kept", "kept_low", "kept_high", "possible_loss", "least_kept"), "share"),
        **dict.fromkeys(("processor", "processor_low", "processor_high", "most_processor"), "ratio"),
    }
