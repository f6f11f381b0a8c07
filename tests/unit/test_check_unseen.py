"""What a pass can't rule out is told with it, and only with it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.analysis.checks.registry import judge_trial
from harness.analysis.checks.unseen import RULE_OF_THREE, with_bound
from harness.model.evidence import Evidence, Sample
from harness.model.findings import Finding, Quantity
from harness.model.verdict import Verdict
from harness.report.sentences.findings import finding_text
from tests.evidence import MS, SCENARIO, TARGET, evidence, op, sample

OPS = [op(number, took_ms=5.0) for number in range(40)]


def passing(check: str) -> Finding:
    """A pass of a check."""
    return Finding(check=check, verdict=Verdict.PASS, code="so")


def seen(samples: Sequence[Sample] = ()) -> Evidence:
    """Forty requests, of which ten end after the window, and samples."""
    late = [replace(one, ended_ns=one.ended_ns + 1000 * MS) for one in OPS[30:]]
    return replace(evidence(), ops=(*OPS[:30], *late), samples=tuple(samples))


@pytest.mark.parametrize(
    ("check", "count", "unit"),
    [("loop", 30, "requests"), ("pool", 30, "requests"), ("n_plus_one", 7, "requests"), ("requests", 5, "requests")],
)
def test_a_pass_tells_how_much_it_saw_and_what_may_be_unseen(check: str, count: int, unit: str) -> None:
    samples = [*[sample("queries", "statements", 1)] * 7, *[sample("requests", "took_s", 1)] * 5]
    found = with_bound(passing(check), seen(samples))
    assert found.values["seen"] == Quantity(value=count, unit=unit)
    assert found.values["unseen"] == Quantity(value=3 / count, unit="share")


def test_a_write_is_counted_once_however_often_it_was_sent() -> None:
    sent = replace(evidence(), ops=(*OPS, replace(OPS[0], id=99)))
    assert with_bound(passing("writes"), sent).values["seen"] == Quantity(value=40, unit="writes")


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.UNDECIDED])
def test_what_is_no_pass_tells_nothing_of_it(verdict: Verdict) -> None:
    found = replace(passing("loop"), verdict=verdict)
    assert with_bound(found, seen()) == found


@pytest.mark.parametrize("check", ["completeness", "added_latency"])
def test_a_check_that_does_not_look_at_requests_one_by_one_tells_nothing_of_it(check: str) -> None:
    assert with_bound(passing(check), seen()) == passing(check)


@pytest.mark.parametrize("requests", [0, 3])
def test_so_few_requests_bound_nothing(requests: int) -> None:
    few = replace(evidence(), ops=tuple(OPS[:requests]))
    assert with_bound(passing("loop"), few) == passing("loop")


@pytest.mark.parametrize("requests", [4, 30, 10_000])
def test_the_bound_holds_at_95_percent(requests: int) -> None:
    assert (1 - RULE_OF_THREE / requests) ** requests <= 0.05


def test_it_reaches_the_finding_of_a_trial_and_its_words() -> None:
    trial = replace(seen([sample("loop", "lag_max_s", 0.001, own_s=0.001)]), target=replace(TARGET, probes=("loop",)))
    (found,) = judge_trial(replace(trial, scenario=replace(SCENARIO, checks=())))
    text = finding_text(found)
    assert text.summary == "Nothing holds the event loop up"
    assert text.measured.endswith("; none among 30 requests: at 95 % fewer than 3 in 30")
