"""Claims that are tried by loads, cuts and faults: each rule both ways, on evidence written by hand."""

import pytest

from harness.experiments.claims.common_mistakes import MISTAKES
from harness.report.sentences.findings import finding_text
from tests.claims import Cases, assert_decided, judged

SILENT: dict[str, float | list[float] | str] = {"succeeded alone": 1, "of the twin": 1, "caught under load": 1}
MADE: Cases = dict.fromkeys(MISTAKES, SILENT)
FIRST, SECOND = list(MISTAKES)[:2]
SURVIVED: Cases = {
    **{f"{twin}, cuts": {"made": 90, "offences": 0, "told": "90 rolled back"} for twin in ("async", "sync")},
    **{f"{twin}, kill_worker": {"failed": 0, "undecided": 0, "which failed": ""} for twin in ("async", "sync")},
}
CHANGE: dict[str, float | list[float] | str] = {
    "checks of rows that failed": 0,
    "requests failed": 0,
    "proven": 1,
    "longest request": 0.4,
}
CHANGED: Cases = {
    "async, add_column": CHANGE,
    "sync, add_column:queued": CHANGE | {"requests failed": 9, "longest request": 1.2},
    "sync, add_column:retried": CHANGE,
}
QUEUED = "sync, add_column:queued"
SEEN = {"common_mistakes": MADE, "survival": SURVIVED, "schema_changes": CHANGED}


@pytest.mark.parametrize(
    ("name", "changed", "code"),
    [
        ("common_mistakes", {}, "holds"),
        ("common_mistakes", {FIRST: {"succeeded alone": 0}}, "holds_within_limits"),
        ("common_mistakes", {case: {"succeeded alone": 0} for case in MISTAKES}, "does_not_hold"),
        ("common_mistakes", {SECOND: {"caught under load": 0}}, "control_failed"),
        ("common_mistakes", {SECOND: {"of the twin": 0}}, "control_failed"),
        ("schema_changes", {}, "holds_within_limits"),
        ("schema_changes", {QUEUED: CHANGE}, "holds"),
        ("schema_changes", {QUEUED: CHANGE | {"longest request": 1.0}}, "holds_within_limits"),
        ("schema_changes", {QUEUED: CHANGE | {"requests failed": 1}}, "holds_within_limits"),
        ("schema_changes", {"async, add_column": {"checks of rows that failed": 1}}, "does_not_hold"),
        ("schema_changes", {"async, add_column": {"proven": 0}}, "undecided"),
        ("survival", {}, "holds"),
        ("survival", {"sync, cuts": {"offences": 1}}, "holds_within_limits"),
        ("survival", {"async, kill_worker": {"failed": 1}}, "holds_within_limits"),
        ("survival", {"sync, cuts": {"offences": 1}, "async, kill_worker": {"failed": 2}}, "does_not_hold"),
        ("survival", {"sync, kill_worker": {"undecided": 1}}, "undecided"),
        ("survival", {"sync, cuts": {"made": 0}}, "undecided"),
    ],
)
def test_the_evidence_decides(name: str, changed: Cases, code: str) -> None:
    assert_decided(judged(name, SEEN[name], changed), code)


@pytest.mark.parametrize("name", SEEN)
def test_a_finding_is_told_in_words_with_what_was_measured(name: str) -> None:
    told = finding_text(judged(name, SEEN[name]))
    assert len(told.summary.split()) > 8
    assert told.measured
    assert "{" not in told.line()


def test_without_a_trial_with_a_fault_nothing_is_decided() -> None:
    cuts = {case: known for case, known in SURVIVED.items() if case.endswith("cuts")}
    assert judged("survival", cuts).code == "undecided"
