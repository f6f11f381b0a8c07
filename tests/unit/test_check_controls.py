"""The check of the checks: a flaw fails exactly what it names, and a twin nothing."""

from dataclasses import replace

import pytest

from harness.analysis.checks.controls import check_control
from harness.analysis.judge import control_row
from harness.model.findings import Case, ControlRow, Finding
from harness.model.plan import Control, Target
from harness.model.verdict import Place, Verdict
from tests.evidence import one, place, told

PASS, FAIL, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED
SOUND = Target(name="async", model="async", driver="asyncpg", app="x:app")
TWIN = Control(target=SOUND)
FLAW = Control(target=replace(SOUND, flaw="x", expected={"writes": FAIL}), besides=("recovery",))


def row(expected: tuple[str, ...], **verdicts: Verdict) -> ControlRow:
    return ControlRow(target="x", expected=expected, besides=("recovery",), verdicts=verdicts)


@pytest.mark.parametrize(
    ("judged", "verdict", "word"),
    [
        (row(("writes",), writes=FAIL, confirmed=PASS), PASS, "caught by writes"),
        (row(("writes",), writes=FAIL, confirmed=UNDECIDED), PASS, "caught by writes"),
        (row(("writes",), writes=PASS, confirmed=PASS), FAIL, "not caught by writes"),
        (row(("writes",), writes=UNDECIDED), FAIL, "not caught by writes"),
        (row(("writes",), confirmed=PASS), FAIL, "not caught by writes"),
        (row(("writes",), writes=FAIL, invariants=FAIL), FAIL, "failed invariants"),
        (row(("writes",), writes=FAIL, recovery=FAIL), PASS, "caught by writes"),
        (row(("writes",), writes=PASS, recovery=FAIL), FAIL, "not caught by writes"),
        (row(("writes",), invariants=FAIL), FAIL, "not caught by writes"),
        (row(("writes",)), UNDECIDED, "not tried"),
        (row((), writes=PASS, cut_map=UNDECIDED), PASS, "No check failed it"),
        (row((), writes=PASS, cut_map=FAIL), FAIL, "failed cut_map"),
        (row(()), UNDECIDED, "not tried"),
    ],
)
def test_a_control_is_held_against_what_is_known_of_it(judged: ControlRow, verdict: Verdict, word: str) -> None:
    found = told(check_control(judged))
    assert found.verdict is verdict
    assert word in found.summary
    assert (found.check, found.subject) == ("controls", "x")
    assert (found.count > 0) == (verdict is FAIL)
    assert found.measured == ", ".join(f"{check} {said}" for check, said in judged.verdicts.items())


@pytest.mark.parametrize(
    ("offence", "verdict"),
    [
        (Case(code="held_up", place=place("x.py:7 f")), PASS),
        (Case(code="statement_per_row", place=place("x.py:70 f"), facts={"fix": "selectinload(A.b)"}), PASS),
        (Case(code="held_up", place=place("x.py:7 fg")), FAIL),
        (Case(code="held_up", place=place("y.py:7 f")), FAIL),
        (Case(code="held_up"), FAIL),
        (None, FAIL),
    ],
)
def test_a_flaw_that_has_a_line_must_be_caught_with_it(offence: Case | None, verdict: Verdict) -> None:
    caught = replace(row(("loop",), loop=FAIL), place=Place("x.py", 0, "f"), offence=offence)
    found = one(check_control(caught))
    assert (found.verdict, found.count) == (verdict, int(verdict is FAIL))
    assert found.code == ("caught" if verdict is PASS else "place_not_named")
    assert ("x.py f was not named" in told([found]).summary) == (verdict is FAIL)


def test_findings_are_folded_by_check_and_the_named_offence_is_kept() -> None:
    lost, another = (Case(code="lost", facts={"key": key}) for key in "12")
    findings = [
        Finding(check="confirmed", verdict=PASS, code="confirmed"),
        Finding(check="writes", verdict=PASS, code="whole"),
        Finding(check="recovery", verdict=FAIL, code="not_recovered", first=Case(code="no_write_after_heal")),
        Finding(check="writes", verdict=FAIL, code="lost", first=lost),
        Finding(check="writes", verdict=FAIL, code="lost", first=another),
    ]
    folded = control_row(FLAW, findings)
    assert folded.verdicts == {"confirmed": PASS, "writes": FAIL, "recovery": FAIL}
    assert (folded.expected, folded.besides, folded.offence) == (("writes",), ("recovery",), lost)
    assert control_row(TWIN, findings).offence is None
    assert control_row(TWIN, ()).verdicts == {}


def test_a_finding_without_a_case_is_its_own_offence_with_its_place() -> None:
    held_up = Finding(check="writes", verdict=FAIL, code="held_up", place=place("x.py:7 f"), facts={"fix": "g"})
    assert control_row(FLAW, [held_up]).offence == Case(code="held_up", place=place("x.py:7 f"), facts={"fix": "g"})
