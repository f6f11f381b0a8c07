"""Claims that a measurement decides: each rule both ways, and at its margin, on evidence written by hand."""

import pytest

from harness.report.sentences.findings import finding_text
from tests.claims import Cases, assert_decided, judged

PAUSE, SERVED = "longest pause of the loop", "until all were served"
OTHERS = "with/without the call"
WAITING: Cases = {
    "one query": {"async": 1.2, "sync": 1.0, "async/sync": [1.19, 1.2, 1.21]},
    "async, 256 waiting": {"threads": 0, "memory": 4.0, SERVED: 1.1},
    "sync, 256 waiting, 40 threads at most": {"threads": 40, "memory": 4.0, SERVED: 7.1},
    "sync, 256 waiting, 256 threads at most": {"threads": 256, "memory": 14.0, SERVED: 1.2},
}
URLS: Cases = {
    "postgresql://": {PAUSE: [12.0, 14.0], "error": "none", "driver": "psycopg"},
    "postgresql+psycopg2://": {"error": "InvalidRequestError"},
    "postgresql+psycopg://": {PAUSE: 11.0, "error": "none", "driver": "psycopg"},
    "postgresql+asyncpg://": {PAUSE: 11.0, "error": "none", "driver": "asyncpg"},
    "a synchronous engine in a coroutine": {PAUSE: 411.0, "error": "none"},
}
BLOCKED: Cases = {
    "the others at 0 ms": {OTHERS: [1.0, 1.1, 1.2]},
    "the others at 20 ms": {OTHERS: [9.0, 10.0, 11.0]},
    "flaw:sync_driver at 20 ms": {
        "others, median": 80.0,
        "loop late by at most": 40.0,
        "line": "sync_driver.py:34 get_user",
    },
}
FIRST, SECOND, THIRD, FOURTH = (f"{users} users with 5 posts each, {ms} ms" for users in (1, 100) for ms in (0, 20))
PAGE: dict[str, float | list[float] | str] = {"statements by selectin": 2, "statements by joined": 1}
JOINED: dict[str, float | list[float] | str] = {"selectin/joined": [1.2, 1.3, 1.4]}
SELECTIN: dict[str, float | list[float] | str] = {"selectin/joined": [0.79, 0.80, 0.81]}
EQUAL: dict[str, float | list[float] | str] = {"selectin/joined": [0.9, 1.0, 1.1]}
LOADING: Cases = {
    FIRST: PAGE | JOINED | {"users": 1, "statements by lazy": 2},
    SECOND: PAGE | JOINED | {"users": 1, "statements by lazy": 2},
    THIRD: PAGE | SELECTIN | {"users": 100, "statements by lazy": 101},
    FOURTH: PAGE | SELECTIN | {"users": 100, "statements by lazy": 101},
}
LAYERS: Cases = {
    "answers": {"answers": "the same"},
    "a request": {"with layers": 1.0, "without": 1.0, "with/without": [1.0, 1.01, 1.02]},
}
NOTHING: dict[str, float | list[float] | str] = {"rows left": 0, "credits lost": 0, "refused afterwards": 0}
ROLLBACK: Cases = {
    "rollback, error of the application": NOTHING,
    "rollback, error of the database": NOTHING,
    "no rollback, error of the application": NOTHING | {"rows left": 1, "credits lost": 7},
    "no rollback, error of the database": NOTHING | {"refused afterwards": 5},
}
SEEN = {
    "waiting": WAITING,
    "bare_url": URLS,
    "blocked_loop": BLOCKED,
    "loading": LOADING,
    "layers": LAYERS,
    "missing_rollback": ROLLBACK,
}
CONTROL = "a synchronous engine in a coroutine"
FEW = "sync, 256 waiting, 40 threads at most"


@pytest.mark.parametrize(
    ("name", "changed", "code"),
    [
        ("waiting", {}, "holds"),
        ("waiting", {"one query": {"async/sync": [0.80, 0.81, 0.82]}}, "does_not_hold"),
        ("waiting", {"one query": {"async/sync": [0.94, 0.95, 0.97]}}, "undecided"),
        ("waiting", {"one query": {"async/sync": 1.2}}, "undecided"),
        ("waiting", {"async, 256 waiting": {"threads": 9}}, "does_not_hold"),
        ("waiting", {"async, 256 waiting": {"threads": 8}}, "holds"),
        ("waiting", {"async, 256 waiting": {SERVED: 3.6}}, "undecided"),
        ("waiting", {FEW: {SERVED: 4.9}}, "control_failed"),
        ("bare_url", {}, "does_not_hold"),
        ("bare_url", {"postgresql://": {PAUSE: 201.0}}, "holds"),
        ("bare_url", {"postgresql://": {PAUSE: 200.0}}, "does_not_hold"),
        ("bare_url", {"postgresql+psycopg2://": {PAUSE: 400.0, "error": "none"}}, "holds_within_limits"),
        ("bare_url", {"postgresql+asyncpg://": {PAUSE: 201.0}}, "undecided"),
        ("bare_url", {CONTROL: {PAUSE: 200.0}}, "control_failed"),
        ("blocked_loop", {}, "holds_within_limits"),
        ("blocked_loop", {"the others at 0 ms": {OTHERS: [3.0, 3.1, 3.2]}}, "holds"),
        ("blocked_loop", {"the others at 20 ms": {OTHERS: [1.0, 1.1, 1.2]}}, "does_not_hold"),
        ("blocked_loop", {"the others at 20 ms": {OTHERS: [1.5, 2.0, 2.5]}}, "undecided"),
        ("blocked_loop", {"the others at 20 ms": {OTHERS: 10.0}}, "undecided"),
        ("loading", {}, "holds"),
        ("loading", {FOURTH: EQUAL}, "holds_within_limits"),
        ("loading", {FIRST: SELECTIN, SECOND: SELECTIN}, "holds_within_limits"),
        ("loading", {FIRST: EQUAL, THIRD: EQUAL}, "undecided"),
        ("loading", dict.fromkeys((FIRST, SECOND, THIRD, FOURTH), EQUAL), "undecided"),
        ("loading", {FIRST: {"statements by joined": 2}}, "does_not_hold"),
        ("loading", {FOURTH: {"statements by selectin": 101}}, "does_not_hold"),
        ("loading", {FOURTH: {"statements by lazy": 2}}, "control_failed"),
        ("layers", {}, "holds"),
        ("layers", {"a request": {"with/without": [1.10, 1.11, 1.12]}}, "does_not_hold"),
        ("layers", {"a request": {"with/without": [1.03, 1.05, 1.07]}}, "undecided"),
        ("layers", {"a request": {"with/without": 1.0}}, "undecided"),
        ("layers", {"answers": {"answers": "others"}}, "control_failed"),
        ("missing_rollback", {}, "holds_within_limits"),
        ("missing_rollback", {"no rollback, error of the database": {"rows left": 1}}, "holds"),
        ("missing_rollback", {"rollback, error of the application": {"credits lost": -7}}, "does_not_hold"),
        ("missing_rollback", {"rollback, error of the database": {"refused afterwards": 1}}, "does_not_hold"),
        (
            "missing_rollback",
            {f"no rollback, error of the {one}": NOTHING for one in ("application", "database")},
            "does_not_hold",
        ),
    ],
)
def test_the_evidence_decides(name: str, changed: Cases, code: str) -> None:
    assert_decided(judged(name, SEEN[name], changed), code)


@pytest.mark.parametrize("name", SEEN)
def test_a_finding_is_told_in_words_with_what_was_measured_and_its_margin(name: str) -> None:
    told = finding_text(judged(name, SEEN[name]))
    assert len(told.summary.split()) > 8
    assert told.measured
    assert told.limit
    assert "{" not in told.line()


def test_what_no_page_shows_is_left_out_of_its_sentence() -> None:
    told = finding_text(judged("loading", LOADING, {THIRD: JOINED, FOURTH: JOINED}))
    assert "joinedload is the faster one" in told.summary
    assert "selectinload in 0" in told.measured
