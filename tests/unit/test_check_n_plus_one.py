"""The check of N+1: a slope against rows, never a number of statements."""

from dataclasses import replace

import pytest

from harness.analysis.checks.n_plus_one import check_n_plus_one
from harness.analysis.checks.registry import judge_trial
from harness.model.evidence import Evidence, Sample
from harness.model.verdict import Verdict
from harness.report.sentences.findings import FindingText
from tests.evidence import TARGET, evidence, one, op, place, sample, told, values

USERS = "GET /users"
CALL_SITE = {"call_site": place("repositories.py:41 users"), "fix": "selectinload(User.posts)"}


def request(rows: int, repeated: int, *, statements: float = 0.0, route: str = USERS) -> Sample:
    """One request to ``route``: so many rows of statements sent once, and the most frequent one sent so often."""
    call_site = CALL_SITE if repeated > 1 else {"fix": ""}
    count = statements or repeated + 1.0
    return sample("queries", "statements", count, route=route, rows=rows, repeated=repeated, **call_site)


def seen(*samples: Sample) -> Evidence:
    return evidence(op(0), samples=samples)


def judged(trial: Evidence) -> FindingText:
    """What the check says of a trial, in words."""
    return told(check_n_plus_one(trial))


def test_one_statement_a_row_fails_with_its_line_and_what_mends_it() -> None:
    found = judged(seen(*(request(rows, rows) for rows in (1, 5, 20))))
    assert (found.verdict, found.summary) == (Verdict.FAIL, "GET /users sends a statement once a row")
    assert (found.count, found.first) == (2, "repositories.py:41 users: selectinload(User.posts) spares it")
    assert found.measured == "statements a request: GET /users: 9.7; 1.00 more a row"


def test_its_numbers_have_units_and_its_names_are_facts() -> None:
    found = one(check_n_plus_one(seen(*(request(rows, rows) for rows in (1, 5, 20)))))
    assert (found.code, found.place) == ("statement_per_row", place("repositories.py:41 users"))
    assert found.facts == {"route": USERS, "fix": "selectinload(User.posts)"}
    assert values(found) == pytest.approx({USERS: 29 / 3, "limit": 0.5, "rise": 1})
    assert found.values["rise"].unit == "statements a row"


def test_many_statements_pass_while_they_are_as_many_for_any_number_of_rows() -> None:
    assert judged(seen(*(request(rows, 12, statements=40) for rows in (1, 5, 20)))).verdict is Verdict.PASS


def test_a_batch_of_statements_for_many_rows_passes() -> None:
    assert judged(seen(request(1, 1), request(500, 1), request(1000, 2), request(1500, 3))).verdict is Verdict.PASS


@pytest.mark.parametrize(("of_ten", "verdict"), [(5, Verdict.PASS), (6, Verdict.FAIL)])
def test_half_a_statement_a_row_is_the_limit(of_ten: int, verdict: Verdict) -> None:
    assert judged(seen(request(10, 10), request(20, 10 + of_ten))).verdict is verdict


def test_the_worst_route_is_named_and_a_good_one_hides_nothing() -> None:
    good = [request(rows, 1, route="GET /posts") for rows in (1, 5, 20)]
    found = judged(seen(*good, *(request(rows, rows) for rows in (1, 5, 20))))
    assert (found.verdict, found.summary.split()[1]) == (Verdict.FAIL, "/users")


def test_repeated_statements_for_always_as_many_rows_leave_it_open() -> None:
    found = judged(seen(request(20, 20), request(20, 20)))
    assert (found.verdict, found.count) == (Verdict.UNDECIDED, 1)
    assert found.summary == "GET /users repeats a statement, and always returns as many rows"


def test_a_route_that_repeats_nothing_passes_for_always_as_many_rows() -> None:
    assert judged(seen(request(20, 1), request(20, 1))).verdict is Verdict.PASS


def test_a_probe_that_failed_or_saw_nothing_decides_nothing() -> None:
    failed = sample("queries", "failed", 1.0, error="KeyError: 7")
    for samples, summary in (
        ((), "No request was looked into"),
        ((request(1, 1), failed), "The probe failed: KeyError: 7"),
    ):
        found = judged(seen(*samples))
        assert (found.verdict, found.summary) == (Verdict.UNDECIDED, summary)


def test_it_is_asked_of_targets_that_have_the_probe() -> None:
    def checks(probes: tuple[str, ...]) -> set[str]:
        return {
            finding.check
            for finding in judge_trial(replace(seen(request(1, 1)), target=replace(TARGET, probes=probes)))
        }

    assert checks(("queries",)) - checks(()) == {"n_plus_one"}


def test_of_two_that_rise_the_steeper_is_named() -> None:
    steeper = [request(rows, 2 * rows, route="GET /b") for rows in (1, 5, 20)]
    for other in ("GET /a", "GET /c"):
        found = judged(seen(*(request(rows, rows, route=other) for rows in (1, 5, 20)), *steeper))
        assert found.summary == "GET /b sends a statement once a row"


def test_a_statement_that_is_sent_twice_for_two_rows_is_seen() -> None:
    assert judged(seen(request(1, 1), request(2, 2))).verdict is Verdict.FAIL


def test_what_passes_has_neither_count_nor_call_site() -> None:
    found = judged(seen(*(request(rows, 12, statements=40) for rows in (1, 5, 20))))
    assert (found.verdict, found.count, found.first) == (Verdict.PASS, 0, "")


def test_a_statement_of_ones_own_has_a_line_and_nothing_that_mends_it() -> None:
    own = {"route": USERS, "call_site": place("services.py:7 total"), "fix": ""}
    samples = (sample("queries", "statements", n + 1, rows=n, repeated=n, **own) for n in (1, 5, 20))
    assert judged(seen(*samples)).first == "services.py:7 total"
