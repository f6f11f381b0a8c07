"""Claims that a single request or a plain process decides: each rule both ways, on evidence written by hand."""

import pytest

from harness.model.verdict import Verdict
from harness.report.sentences.findings import finding_text
from tests.claims import Cases, judged

EXPIRE: Cases = {
    "async": {"statements": 0, "error": "MissingGreenlet"},
    "async, refreshed first": {"statements": 1, "error": "none"},
    "async, awaitable_attrs": {"statements": 1, "error": "none"},
    "async, expire_on_commit=False": {"statements": 0, "error": "none"},
    "sync": {"statements": 1, "error": "none"},
    "sync, expire_on_commit=False": {"statements": 0, "error": "none"},
}
STEPS: Cases = {
    "write: session opened": {"taken": 0},
    "write: after a statement": {"taken": 1},
    "write: after another": {"taken": 1},
    "write: after the commit": {"taken": 0},
    "write: session closed": {"taken": 0},
    "read: answer sent": {"taken": 1},
    "read-before-answer: answer sent": {"taken": 0},
    "sessions that sent nothing": {"pool": 2, "open at once": 20},
    "sessions in a transaction": {"pool": 2, "open at once": 2},
}
SOUND: dict[str, float | list[float] | str] = {
    "left at most": 0,
    "left after 1,000 more": 0,
    "opened anew": 0,
    "last request": "201",
}
CLOSED: Cases = {
    "async, dependency": SOUND,
    "async, by hand": SOUND | {"opened anew": 20},
    "sync, dependency": SOUND,
    "sync, by hand": SOUND,
}
IMPORTS: Cases = {
    "all imported": {"operations": 0, "tables dropped": 0, "tables made": 0},
    "nothing but the base imported": {"operations": 3, "tables dropped": 2, "tables made": 0},
    "a new model, imported": {"operations": 1, "tables dropped": 0, "tables made": 1},
    "a new model, not imported": {"operations": 0, "tables dropped": 0, "tables made": 0},
    "one not imported": {"operations": 2, "tables dropped": 1, "tables made": 0, "proposed": "drop_table orders"},
    "its revision applied": {"before": 3, "after": 0},
}
KEPT: dict[str, float | list[float] | str] = {"rows": 9, "rows kept": 9, "schema differs": 0}
ROUND_TRIP: Cases = {
    "a renamed column": {"operations": 2, "proposed": "add_column users full_name, drop_column users name"},
    "a new column": {"operations": 1, "proposed": "add_column users nickname"},
    "after the upgrade": KEPT | {"schema differs": 1},
    "after the downgrade": KEPT,
    "after the second upgrade": KEPT | {"schema differs": 1},
    "data of the column": {"written": 9, "back": 0},
    "in the end": {"operations": 0},
}
AWAIT: Cases = {
    "async": {"stored": 1, "warnings": 0, "status": "201"},
    "flaw:missing_await": {"stored": 0, "warnings": 1, "status": "201"},
}
SEEN = {
    "expire_on_commit": EXPIRE,
    "connection_in_request": STEPS,
    "session_closed": CLOSED,
    "missing_await": AWAIT,
    "alembic_imports": IMPORTS,
    "alembic_round_trip": ROUND_TRIP,
}
RAISES = {"error": "MissingGreenlet"}


@pytest.mark.parametrize(
    ("name", "changed", "code"),
    [
        ("expire_on_commit", {}, "holds_within_limits"),
        ("expire_on_commit", {"async, refreshed first": RAISES}, "holds_within_limits"),
        ("expire_on_commit", {"async, refreshed first": RAISES, "async, awaitable_attrs": RAISES}, "holds"),
        ("expire_on_commit", {"async": {"error": "none"}}, "does_not_hold"),
        ("expire_on_commit", {"async, expire_on_commit=False": RAISES}, "control_failed"),
        ("connection_in_request", {}, "holds_within_limits"),
        ("connection_in_request", {"read: answer sent": {"taken": 0}}, "holds"),
        ("connection_in_request", {"write: session opened": {"taken": 1}}, "does_not_hold"),
        ("connection_in_request", {"write: after another": {"taken": 2}}, "does_not_hold"),
        ("connection_in_request", {"write: after the commit": {"taken": 1}}, "does_not_hold"),
        ("connection_in_request", {"sessions that sent nothing": {"open at once": 2}}, "does_not_hold"),
        ("connection_in_request", {"sessions in a transaction": {"open at once": 3}}, "control_failed"),
        ("session_closed", {}, "holds_within_limits"),
        ("session_closed", {"async, by hand": {"opened anew": 0}}, "does_not_hold"),
        ("session_closed", {"sync, by hand": {"left at most": 1}}, "holds"),
        ("session_closed", {"async, by hand": {"last request": "503"}}, "holds"),
        ("session_closed", {"sync, dependency": {"left at most": 1}}, "does_not_hold"),
        ("session_closed", {"async, dependency": {"last request": "503"}}, "does_not_hold"),
        ("missing_await", {}, "holds"),
        ("missing_await", {"flaw:missing_await": {"status": "500"}}, "does_not_hold"),
        ("missing_await", {"async": {"status": "500"}}, "control_failed"),
        ("missing_await", {"async": {"stored": 0}}, "control_failed"),
        ("alembic_imports", {}, "holds"),
        ("alembic_imports", {"a new model, not imported": {"tables made": 1}}, "does_not_hold"),
        ("alembic_imports", {"a new model, imported": {"tables made": 0}}, "control_failed"),
        ("alembic_imports", {"all imported": {"operations": 1}}, "control_failed"),
        ("alembic_round_trip", {}, "holds_within_limits"),
        ("alembic_round_trip", {"data of the column": {"back": 9}}, "holds_within_limits"),
        ("alembic_round_trip", {"a renamed column": {"proposed": "alter_column users name"}}, "holds_within_limits"),
        ("alembic_round_trip", {"a new column": {"proposed": "nothing"}}, "does_not_hold"),
        ("alembic_round_trip", {"after the downgrade": {"rows kept": 0}}, "does_not_hold"),
        ("alembic_round_trip", {"after the second upgrade": {"rows kept": 0}}, "does_not_hold"),
        ("alembic_round_trip", {"after the downgrade": {"schema differs": 1}}, "does_not_hold"),
        ("alembic_round_trip", {"in the end": {"operations": 1}}, "does_not_hold"),
        ("alembic_round_trip", {"after the upgrade": {"schema differs": 0}}, "control_failed"),
        ("alembic_round_trip", {"after the upgrade": {"rows": 0, "rows kept": 0}}, "control_failed"),
    ],
)
def test_the_evidence_decides(name: str, changed: Cases, code: str) -> None:
    found = judged(name, SEEN[name], changed)
    assert found.code == code
    assert found.verdict is (Verdict.FAIL if code == "control_failed" else Verdict.PASS)
    assert found.facts["versions"] == "sqlalchemy 2.1.9"


def test_a_round_trip_that_loses_nothing_and_knows_a_rename_holds() -> None:
    changed: Cases = {"data of the column": {"back": 9}, "a renamed column": {"proposed": "alter_column users name"}}
    assert judged("alembic_round_trip", ROUND_TRIP, changed).code == "holds"


@pytest.mark.parametrize("name", SEEN)
def test_a_finding_is_told_in_words_with_what_was_measured(name: str) -> None:
    told = finding_text(judged(name, SEEN[name]))
    assert len(told.summary.split()) > 8
    assert told.measured
    assert "{" not in told.line()
