"""Full garbage collections fail a target that they take more than a twentieth of, and no other."""

from dataclasses import replace

import pytest

from harness.analysis.checks.garbage import MOST_FULL, check_garbage
from harness.analysis.judge import judge_garbage
from harness.model.measures import GarbageShare, Interval, TargetGarbage
from harness.model.verdict import Verdict
from tests.evidence import told


def row(value: float, reach: float | None = 0.01, scenario: str = "point-read") -> GarbageShare:
    """What collections take in one row."""
    bounds = (None, None) if reach is None else (value - reach, value + reach)
    return GarbageShare(
        scenario=scenario,
        added_ms=0,
        target="async",
        full=Interval(value=value, low=bounds[0], high=bounds[1], blocks=5),
        all=Interval(value=value + 0.03, low=None, high=None, blocks=5),
        full_ms=48.0,
        requests_each=430.0,
    )


@pytest.mark.parametrize(
    ("rows", "verdict", "code"),
    [
        ((row(0.13),), Verdict.FAIL, "full_collections"),
        ((row(0.001, 0.001),), Verdict.PASS, "little_garbage"),
        ((row(MOST_FULL + 0.005),), Verdict.PASS, "little_garbage"),  # not the whole interval
        ((row(MOST_FULL + 0.011),), Verdict.FAIL, "full_collections"),
        ((row(0.001), row(0.13, scenario="write")), Verdict.FAIL, "full_collections"),  # one row is enough
        ((row(0.13, None),), Verdict.UNDECIDED, "too_few_blocks"),
        ((), Verdict.UNDECIDED, "too_few_blocks"),
    ],
)
def test_the_verdict_is_by_the_whole_interval(rows: tuple[GarbageShare, ...], verdict: Verdict, code: str) -> None:
    (found,) = check_garbage(TargetGarbage(target="async", rows=rows))
    assert (found.verdict, found.code, found.subject) == (verdict, code, "async")


def test_the_worst_row_is_told_in_numbers() -> None:
    (found,) = check_garbage(TargetGarbage(target="async", rows=(row(0.001), row(0.13, scenario="write"))))
    assert found.facts["scenario"] == "write"
    assert found.values["full"].value == pytest.approx(0.13)
    assert found.values["full_low"].value == pytest.approx(0.12)
    assert found.values["each"].value == 48.0
    assert found.values["every"].value == 430.0
    assert found.count == 1


def test_it_is_told_what_to_call_and_what_was_measured_where() -> None:
    text = told(check_garbage(TargetGarbage(target="async", rows=(row(0.13),))))
    assert text.summary.startswith("async spends much of its processor time in full garbage collections: call gc.coll")
    assert "gc.freeze() after the start" in text.summary
    assert text.measured == (
        "point-read at 0 ms: full collections take 13.0% (12.0% to 14.0%) of the processor time, all collections 16.0%;"
        " a full one takes 48.0 ms, once every 430 requests"
    )
    assert text.limit == "5% in full collections"


def test_where_there_was_no_full_one_nothing_is_said_of_its_length() -> None:
    none = replace(row(0.0, 0.0), full_ms=0.0, requests_each=0.0)
    text = told(check_garbage(TargetGarbage(target="async", rows=(none,))))
    assert "a full one" not in text.measured
    assert "full collections take 0.0% (0.0% to 0.0%)" in text.measured


def test_each_target_of_a_plan_is_judged_by_its_own_rows_and_one_without_any_is_not() -> None:
    of_sync = replace(row(0.001, 0.001), target="sync")
    found = list(judge_garbage(("async", "sync", "async:probed"), (row(0.13), of_sync, replace(row(0.2), target="x"))))
    assert [(one.subject, one.verdict) for one in found] == [("async", Verdict.FAIL), ("sync", Verdict.PASS)]
