"""The check of N+1: a slope against rows, never a number of statements."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import pytest

from harness.analysis.checks.n_plus_one import check_n_plus_one
from harness.analysis.checks.registry import judge_trial
from harness.model.evidence import Evidence, Sample
from harness.model.verdict import Verdict
from harness.probe.asked import MANY_ROWS as MANY
from harness.report.sentences.findings import FindingText
from tests.evidence import TARGET, evidence, one, op, place, sample, told, values

USERS = "GET /users"
PAGES = (1, 2, 3, 5, 8, 13, 20, 2)
CALL_SITE = {"call_site": place("repositories.py:41 users"), "fix": "selectinload(User.posts)"}


def request(rows: int, repeated: int, *, route: str = USERS) -> Sequence[Sample]:
    """One request to ``route``: so many rows of a statement sent once, and then another sent so often."""
    return asked(("page", 1, rows), ("posts", repeated, 0), route=route)


def asked(
    *sent: tuple[str, int, int],
    route: str = USERS,
    values: int | None = None,
    again: Sequence[str] = (),
    fix: str = "selectinload(User.posts)",
) -> Sequence[Sample]:
    """One request: the form, calls and rows of each statement in order; those sent again have a place.

    The forms in ``again`` are sent once more when all others have been.
    """
    told = " ".join(
        f"{name}:{calls}:{rows}:{len(sent) if name in again else before + 1}"
        for before, (name, calls, rows) in enumerate(sent)
    )
    statements = sum(calls for _, calls, _ in sent)
    conspicuous = [(name, calls) for name, calls, rows in sent if calls > 1 or rows >= MANY]
    site = {**CALL_SITE, "fix": fix}
    return (
        sample("queries", "statements", statements, route=route, sent=told, values=values),
        *(sample("queries", "sent_from", n, route=route, statement=name, **site) for name, n in conspicuous),
    )


def seen(*requests: Sequence[Sample]) -> Evidence:
    return evidence(op(0), samples=tuple(chain.from_iterable(requests)))


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
    assert judged(seen(*(request(rows, 12) for rows in (1, 5, 20)))).verdict is Verdict.PASS


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
    found = judged(seen(*[asked(("page", 1, 20), ("posts", 20, 0), fix="")] * 2))
    assert (found.verdict, found.count) == (Verdict.UNDECIDED, 1)
    assert found.summary == (
        "GET /users repeats a statement, and no rows before it vary in number, by which to tell what for"
    )


def test_a_route_that_repeats_nothing_passes_for_always_as_many_rows() -> None:
    assert judged(seen(request(20, 1), request(20, 1))).verdict is Verdict.PASS


def test_a_probe_that_failed_or_saw_nothing_decides_nothing() -> None:
    failed = sample("queries", "failed", 1.0, error="KeyError: 7")
    for samples, summary in (
        ((), "No request was looked into"),
        ((request(1, 1), (failed,)), "The probe failed: KeyError: 7"),
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
    found = judged(seen(*(request(rows, 12) for rows in (1, 5, 20))))
    assert (found.verdict, found.count, found.first) == (Verdict.PASS, 0, "")


def test_a_statement_of_ones_own_has_a_line_and_nothing_that_mends_it() -> None:
    requests = [
        (request(n, n)[0], sample("queries", "sent_from", n, route=USERS, statement="posts", call_site=line, fix=""))
        for line in [place("services.py:7 total")]
        for n in (1, 5, 20)
    ]
    assert judged(seen(*requests)).first == "services.py:7 total"


def test_rows_that_an_eager_loader_adds_dilute_nothing() -> None:
    for posts in (0, 5, 500):
        trial = seen(*(asked(("users", 1, n), ("posts", 1, posts * n), ("count", n, n)) for n in (1, 5, 20)))
        found = one(check_n_plus_one(trial))
        assert found.code == "statement_per_row"
        assert found.values["rise"].value == pytest.approx(1)


def test_two_or_three_rows_are_enough() -> None:
    assert judged(seen(request(2, 2), request(3, 3))).verdict is Verdict.FAIL
    assert judged(seen(request(2, 2), request(3, 2))).verdict is Verdict.PASS


def test_one_statement_a_row_is_found_behind_another_that_is_sent_more_often() -> None:
    trial = seen(*(asked(("users", 1, n), ("settings", 30, 30), ("posts", n, 0)) for n in (1, 5, 20)))
    assert one(check_n_plus_one(trial)).code == "statement_per_row"


def test_only_a_statement_that_comes_before_has_begun_another() -> None:
    trial = seen(*(asked(("posts", n, 0), ("users", 1, n)) for n in (1, 5, 20)))
    assert judged(trial).verdict is Verdict.UNDECIDED


def test_a_sibling_in_the_same_loop_has_begun_nothing() -> None:
    batches = seen(*(asked(("ids", 1, 100 * n), ("count", n, n), ("batch", n, 100 * n)) for n in (1, 2, 5)))
    assert judged(batches).verdict is Verdict.PASS


def test_rows_that_tell_little_of_a_repeated_statement_accuse_nobody() -> None:
    pairs = [(1, 9), (2, 2), (3, 14), (4, 3), (5, 12), (6, 12)]
    assert judged(seen(*(request(*pair) for pair in pairs))).verdict is Verdict.PASS
    assert judged(seen(*(request(rows, rows + rows % 2) for rows, _ in pairs))).verdict is Verdict.FAIL


def test_questions_that_are_each_asked_twice_have_not_begun_each_other() -> None:
    twice = [("users", 1, 20), ("count_users", 2, 2), ("count_posts", 2, 2)]
    trial = seen(*[asked(*twice, again=["count_users", "count_posts"], fix="")] * 2)
    assert judged(trial).verdict is Verdict.PASS


def test_few_statements_for_always_many_rows_pass() -> None:
    assert judged(seen(request(1000, 2), request(1000, 2))).verdict is Verdict.PASS


def test_a_question_that_is_asked_twice_before_any_rows_passes() -> None:
    assert judged(seen(*[asked(("user", 2, 2))] * 3)).verdict is Verdict.PASS
    assert judged(seen(asked(("user", 2, 2)))).verdict is Verdict.UNDECIDED  # as one request tells of no other


def test_far_more_rows_than_an_answer_shows_are_named_with_a_fitting_remedy() -> None:
    trial = seen(*(asked(("users", 1, 1000), ("posts", 2, 5000), values=n) for n in (10, 300, 600)))
    found, text = one(check_n_plus_one(trial)), judged(trial)
    assert (found.verdict, found.code, found.place) == (Verdict.FAIL, "rows_never_shown", CALL_SITE["call_site"])
    assert "fix" not in found.facts
    assert text.summary.startswith("GET /users fetches 6,000 rows a request, and shows 303 values: let the database")
    assert "load" not in text.summary
    assert text.first == "repositories.py:41 users"


@pytest.mark.parametrize(
    ("rows", "values", "verdict"),
    [
        (1000, 499, Verdict.FAIL),
        (1000, 500, Verdict.PASS),
        (200, 1, Verdict.PASS),
        (201, 1, Verdict.FAIL),
        (100_000, 600_000, Verdict.PASS),
        (100_000, None, Verdict.PASS),  # an answer whose values can't be counted
    ],
)
def test_two_rows_a_value_are_the_limit_and_few_rows_are_free(rows: int, values: int | None, verdict: Verdict) -> None:
    assert judged(seen(asked(("users", 1, rows), values=values))).verdict is verdict


def test_a_statement_once_a_row_goes_before_rows_that_are_not_shown() -> None:
    trial = seen(*(asked(("users", 1, 500 + n), ("posts", 500 + n, 0), values=9) for n in (1, 5, 20)))
    assert one(check_n_plus_one(trial)).code == "statement_per_row"


def test_what_sqlalchemy_loads_lazily_for_each_of_always_as_many_rows_is_certain() -> None:
    assert judged(seen(request(3, 3), request(3, 3))).summary == "GET /users sends a statement once a row"
    assert judged(seen(request(3, 2), request(3, 2))).verdict is Verdict.UNDECIDED  # of two that rows don't tell of


def test_a_statement_that_was_sent_before_the_rows_as_well_hides_nothing() -> None:
    """Who asks is read by the statement that then reads the author of each post."""
    trial = seen(*(asked(("user", 1 + n, 1 + n), ("posts", 1, n), again=["user"]) for n in (1, 5, 20)))
    assert judged(trial).summary == "GET /users sends a statement once a row"


def test_rows_that_come_in_parts_begin_statements_too() -> None:
    parts = [(n, -(-n // 5)) for n in (3, 8, 13, 20)]
    trial = seen(*(asked(("page", calls, n), ("posts", n, 0), again=["page"]) for n, calls in parts))
    assert judged(trial).verdict is Verdict.FAIL
    trial = seen(*(asked(("page", calls, n), ("posts", calls, 0), again=["page"]) for n, calls in parts))
    assert judged(trial).verdict is Verdict.UNDECIDED  # what the parts are for


def test_statements_for_keys_that_no_rows_brought_are_held_against_the_answer() -> None:
    trial = seen(*(asked(("user", n, n), values=5 * n) for n in PAGES))
    found = one(check_n_plus_one(trial))
    assert (found.code, found.values["rise"].value) == ("statement_per_row", 1)


def test_rows_that_have_nothing_to_do_with_it_hide_nothing_from_the_answer() -> None:
    news = (3, 1, 4, 1, 5, 2, 2, 6)
    requests = [asked(("news", 1, rows), ("user", n, n), values=5 * n) for n, rows in zip(PAGES, news, strict=True)]
    assert judged(seen(*requests)).verdict is Verdict.FAIL


def test_what_rows_tell_of_a_batch_goes_before_the_answer() -> None:
    requests = [asked(("users", 1, 8 * n), ("count", n, n), values=40 * n) for n in PAGES]
    assert judged(seen(*requests)).verdict is Verdict.PASS


def test_what_is_tried_again_and_shown_once_passes() -> None:
    tries = (1, 2, 1, 1, 3, 1, 2, 1)
    requests = [asked(("users", k, k * n), values=5 * n) for n, k in zip(PAGES, tries, strict=True)]
    assert judged(seen(*requests)).verdict is Verdict.PASS
    assert judged(seen(*requests[:-1])).verdict is Verdict.UNDECIDED  # of few answers


@pytest.mark.parametrize(
    "requests",
    [
        [asked(("user", n, 8 * n), values=40 * n) for n in PAGES],  # in parts of eight
        [asked(("count+", n, n), values=40 * n) for n in PAGES],  # a row for a list
        [asked(("user", n, n), values=5) for n in PAGES],  # tried again, and answered with as much
        [asked(("user", n, n), values=100 - n) for n in PAGES],  # the more, the less it shows
        [asked(("user", n, n)) for n in PAGES],  # to be answered with something else
        [asked(("user", n, n), values=5 * n) for n in PAGES[1:]],  # of few
    ],
)
def test_the_answer_accuses_no_statements_that_it_does_not_tell_of(requests: Sequence[Sequence[Sample]]) -> None:
    assert judged(seen(*requests)).verdict is Verdict.UNDECIDED


def test_one_of_several_statements_for_each_row_is_seen_in_their_sum() -> None:
    rows = [(1, 0, 2), (2, 1, 1), (3, 3, 0), (5, 6, 7), (1, 5, 6), (7, 6, 7)]
    forms = ("user", "post", "transfer")
    every = [
        asked(("feed", 1, sum(n)), *((form, calls, calls) for form, calls in zip(forms, n, strict=True))) for n in rows
    ]
    assert judged(seen(*every)).measured.endswith("; 1.00 more a row")


def test_several_batches_for_the_same_rows_pass_in_sum() -> None:
    forms = ("user+", "post+", "transfer+", "audit+", "replay+")
    trial = seen(*(asked(("feed", 1, 8 * n), *((form, n, 40 * n) for form in forms)) for n in (1, 2, 5)))
    assert judged(trial).verdict is Verdict.PASS
