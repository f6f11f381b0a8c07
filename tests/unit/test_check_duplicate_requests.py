"""The check of what was served: no request twice, and each that was answered."""

from dataclasses import replace

from harness.analysis.checks.duplicate_requests import check_duplicate_requests
from harness.model.evidence import Evidence
from harness.model.verdict import Verdict
from tests.evidence import SOUND, evidence, one, op, sample, values


def with_served(served: int, base: Evidence = SOUND) -> Evidence:
    kept = tuple(s for s in base.samples if s.probe != "served")
    return replace(base, samples=(*kept, sample("served", "requests", served)))


def test_one_more_served_than_sent_is_a_hidden_resend() -> None:
    finding = one(check_duplicate_requests(with_served(6)))
    assert (finding.verdict, finding.count) == (Verdict.FAIL, 1)


def test_answered_but_never_served_fails() -> None:
    assert one(check_duplicate_requests(with_served(4))).verdict is Verdict.FAIL


def test_a_broken_connection_may_have_died_on_its_way() -> None:
    broken = replace(op(5, "unknown"), status=0)
    base = evidence(*SOUND.ops, broken)
    for served in (5, 6):
        found = one(check_duplicate_requests(with_served(served, base)))
        assert (found.verdict, found.code) == (Verdict.PASS, "served_once")
        assert values(found) == {"served": served, "sent": 6, "unanswered": 1}
    assert one(check_duplicate_requests(with_served(4, base))).verdict is Verdict.FAIL
    assert one(check_duplicate_requests(with_served(7, base))).verdict is Verdict.FAIL


def test_an_answered_failure_must_have_arrived() -> None:
    base = evidence(*SOUND.ops, op(5, "unknown"))  # a 500 is an answer
    finding = one(check_duplicate_requests(with_served(5, base)))
    assert (finding.verdict, finding.count) == (Verdict.FAIL, 1)


def test_what_is_missing_beyond_the_broken_is_counted() -> None:
    base = evidence(*SOUND.ops, replace(op(5, "unknown"), status=0))
    assert one(check_duplicate_requests(with_served(3, base))).count == 2


def test_an_unsent_request_need_not_arrive() -> None:
    assert one(check_duplicate_requests(evidence(*SOUND.ops, op(5, "unsent")))).verdict is Verdict.PASS
