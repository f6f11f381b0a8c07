"""The check of the twins' tuning: which way the ratio goes, its edges, and what is told."""

import pytest

from harness.checks.tuning import check_tuning
from harness.findings import Comparison, Interval
from harness.model import Verdict


def ping(first: str, value: float, low: float | None = None, high: float | None = None) -> Comparison:
    return Comparison(
        scenario="ping",
        level_ms=0,
        metric="throughput",
        first=first,
        second={"async": "sync", "sync": "async"}[first],
        ratio=Interval(value=value, low=low, high=high, blocks=5),
        word="first",
        detectable=None,
    )


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.39, Verdict.FAIL), (0.4, Verdict.PASS), (0.9, Verdict.PASS), (0.91, Verdict.FAIL)],
)
def test_the_ratio_lies_between_the_limits(value: float, verdict: Verdict) -> None:
    found = check_tuning(ping("sync", value))
    assert (found.check, found.verdict, found.count) == ("tuning", verdict, int(verdict is Verdict.FAIL))
    assert ("mistuned" in found.summary) == (verdict is Verdict.FAIL)
    assert found.limit == "0.4 to 0.9"


def test_it_is_told_as_sync_over_async_whichever_comes_first() -> None:
    assert check_tuning(ping("async", 2.0, 1.6, 2.5)).measured == "GET /ping sync/async 0.50 (0.40 to 0.62)"
    assert check_tuning(ping("sync", 0.5, 0.4, 0.625)).measured == "GET /ping sync/async 0.50 (0.40 to 0.62)"
    assert check_tuning(ping("sync", 0.5)).measured == "GET /ping sync/async 0.50"


def test_an_interval_that_reaches_nothing_is_not_told() -> None:
    assert check_tuning(ping("async", 2.0, 0.0, 2.5)).measured == "GET /ping sync/async 0.50"
    assert check_tuning(ping("sync", 0.5, 0.0, 0.625)).measured == "GET /ping sync/async 0.50"


def test_a_twin_that_answers_nothing_fails() -> None:
    assert check_tuning(ping("async", 0.0)).verdict is Verdict.FAIL
    assert check_tuning(ping("async", 0.0, 0.0, 0.0)).measured == "GET /ping sync/async inf"
