"""What clients met under a fault: from its injection on, and what is an answer is no error."""

from dataclasses import replace

from harness.analysis.stats.under_fault import errors_met, longest_s
from tests.evidence import FAULT, MS, evidence, op

LATER = replace(FAULT, injected_ns=500 * MS)


def test_errors_are_counted_by_status_or_by_what_ended_them_and_a_refusal_of_the_clients_is_none() -> None:
    hung = replace(op(4, "unknown"), status=0, error="TimeoutError: no answer in 10 s")
    unavailable = replace(op(5, "fail"), status=503)
    met = evidence(op(0), op(1, "unknown"), op(2, "unknown"), op(3, "fail"), hung, unavailable)
    assert errors_met(met, FAULT) == {"500": 2, "TimeoutError": 1, "503": 1}


def test_what_was_over_before_the_fault_was_injected_is_not_its_doing() -> None:
    before = replace(op(1, "unknown", took_ms=499), started_ns=0, ended_ns=499 * MS)
    during = replace(op(2, "unknown"), started_ns=400 * MS, ended_ns=700 * MS)
    assert errors_met(evidence(before, during), LATER) == {"500": 1}
    assert longest_s(evidence(before, during), LATER) == 0.3


def test_the_longest_request_counts_whatever_came_of_it_and_without_any_none_is_known() -> None:
    assert longest_s(evidence(op(0, took_ms=900), op(1, "fail", took_ms=1200)), FAULT) == 1.2
    assert longest_s(evidence(), FAULT) is None
    assert errors_met(evidence(op(0)), FAULT) == {}
