"""The check of the answers: that each is a success."""

import pytest

from harness.analysis.checks.success_rate import check_success_rate
from harness.model.verdict import Verdict
from tests.evidence import evidence, one, op, told


@pytest.mark.parametrize("outcome", ["fail", "unknown", "unsent"])
def test_one_that_is_not_ok_fails_and_is_shown(outcome: str) -> None:
    finding = one(check_success_rate(evidence(op(0), op(1, outcome))))
    assert (finding.verdict, finding.count) == (Verdict.FAIL, 1)
    assert finding.code == "requests_failed"
    assert finding.first is not None
    assert [op.outcome for op in finding.first.ops] == [outcome]
    assert outcome in told([finding]).first


def test_the_first_and_the_slowest_are_told() -> None:
    finding = told(check_success_rate(evidence(op(0), op(1, "unknown", took_ms=30), op(2, "fail", took_ms=70))))
    assert finding.first == "create_user #1: unknown 500 after 30 ms"
    assert finding.worst == "create_user #2: fail 409 after 70 ms"
    later = told(check_success_rate(evidence(op(1, "fail", took_ms=70), op(50, "fail", took_ms=30))))
    assert later.worst == "create_user #1: fail 409 after 70 ms"
    assert "after 600000 ms" in told(check_success_rate(evidence(op(1, "fail", took_ms=600_000)))).first


def test_an_interrupted_trial_may_have_interrupted_its_requests() -> None:
    torn = evidence(op(0), op(1, "unknown"), complete=False)
    assert one(check_success_rate(torn)).verdict is Verdict.UNDECIDED


def test_an_operation_that_never_succeeded_is_undecided() -> None:
    assert one(check_success_rate(evidence(op(0, name="get_user")))).verdict is Verdict.UNDECIDED
