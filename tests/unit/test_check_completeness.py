"""The check of the record: that it has no holes."""

from dataclasses import replace

import pytest

from harness.analysis.checks.completeness import check_completeness
from harness.model.findings import Finding, in_unit
from harness.model.verdict import Verdict
from tests.evidence import SOUND, TRIAL, evidence, one, op, sample, told


def test_a_hole_fails() -> None:
    torn = replace(SOUND, ops=SOUND.ops[:-1])
    finding = one(check_completeness(torn))
    assert (finding.verdict, finding.count) == (Verdict.FAIL, 1)


def test_more_on_record_than_sent_fails() -> None:
    assert one(check_completeness(replace(SOUND, ops=(*SOUND.ops, op(9))))).verdict is Verdict.FAIL


def test_nothing_in_the_window_is_undecided() -> None:
    late = evidence(op(0, took_ms=2000))
    assert one(check_completeness(late)).verdict is Verdict.UNDECIDED
    assert one(check_completeness(replace(SOUND, window=None))).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("took_ms", "verdict"),
    [(0, Verdict.PASS), (999, Verdict.PASS), (1000, Verdict.UNDECIDED), (1001, Verdict.UNDECIDED)],
)
def test_the_window_begins_with_its_start_and_ends_before_its_end(took_ms: float, verdict: Verdict) -> None:
    assert one(check_completeness(evidence(op(0, took_ms=took_ms)))).verdict is verdict


def test_it_tells_what_it_counted() -> None:
    samples = (sample("served", "requests", 77), sample("load", "recorded", 5))
    assert one(check_completeness(replace(SOUND, samples=samples))) == Finding(
        check="completeness",
        verdict=Verdict.PASS,
        code="complete",
        values=in_unit("requests", recorded=5, sent=5),
        count=0,
        subject=TRIAL.id,
    )
    torn = told(check_completeness(replace(SOUND, ops=SOUND.ops[:3])))
    assert (torn.summary, torn.measured, torn.limit, torn.count) == (
        "The record has holes",
        "3 requests on record",
        "5 sent",
        2,
    )
