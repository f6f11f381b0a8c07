"""The check of the checks: a flaw fails exactly what it names, and a twin nothing."""

from dataclasses import replace

import pytest

from harness.analysis.checks.controls import check_control
from harness.analysis.judge import control_row
from harness.model.findings import ControlRow, Finding
from harness.model.outcome import Verdict
from harness.model.plan import Control, Target

PASS, FAIL, UNDECIDED = Verdict.PASS, Verdict.FAIL, Verdict.UNDECIDED
SOUND = Target(name="async", model="async", driver="asyncpg", app="x:app")
TWIN = Control(target=SOUND)
FLAW = Control(target=replace(SOUND, flaw="x", expected={"writes": FAIL}), besides=("recovery",))


def row(expected: tuple[str, ...], **verdicts: Verdict) -> ControlRow:
    return ControlRow(target="x", expected=expected, besides=("recovery",), verdicts=verdicts, offence="")


@pytest.mark.parametrize(
    ("judged", "verdict", "word"),
    [
        (row(("writes",), writes=FAIL, bite=PASS), PASS, "caught by writes"),
        (row(("writes",), writes=FAIL, bite=UNDECIDED), PASS, "caught by writes"),
        (row(("writes",), writes=PASS, bite=PASS), FAIL, "not caught by writes"),
        (row(("writes",), writes=UNDECIDED), FAIL, "not caught by writes"),
        (row(("writes",), bite=PASS), FAIL, "not caught by writes"),
        (row(("writes",), writes=FAIL, balances=FAIL), FAIL, "failed balances"),
        (row(("writes",), writes=FAIL, recovery=FAIL), PASS, "caught by writes"),
        (row(("writes",), writes=PASS, recovery=FAIL), FAIL, "not caught by writes"),
        (row(("writes",), balances=FAIL), FAIL, "not caught by writes"),
        (row(("writes",)), UNDECIDED, "not tried"),
        (row((), writes=PASS, cuts=UNDECIDED), PASS, "No check failed it"),
        (row((), writes=PASS, cuts=FAIL), FAIL, "failed cuts"),
        (row(()), UNDECIDED, "not tried"),
    ],
)
def test_a_control_is_held_against_what_is_known_of_it(judged: ControlRow, verdict: Verdict, word: str) -> None:
    found = check_control(judged)
    assert found.verdict is verdict
    assert word in found.summary
    assert (found.check, found.trial) == ("controls", "x")
    assert (found.count > 0) == (verdict is FAIL)


@pytest.mark.parametrize(
    ("offence", "verdict"),
    [
        ("x.py:7 f", PASS),
        ("x.py:7 f: selectinload(A.b) spares it", PASS),
        ("x.py:7 fg", FAIL),
        ("y.py:7 f", FAIL),
        ("xxpy:7 f", FAIL),
        ("", FAIL),
    ],
)
def test_a_flaw_that_has_a_line_must_be_caught_with_it(offence: str, verdict: Verdict) -> None:
    found = check_control(replace(row(("loop",), loop=FAIL), place="x.py f", offence=offence))
    assert (found.verdict, found.count) == (verdict, int(verdict is FAIL))


def test_findings_are_folded_by_check_and_the_named_offence_is_kept() -> None:
    findings = [
        Finding(check="bite", verdict=PASS, summary=""),
        Finding(check="writes", verdict=PASS, summary=""),
        Finding(check="recovery", verdict=FAIL, summary="", first="another"),
        Finding(check="writes", verdict=FAIL, summary="", first="key 1 is lost"),
        Finding(check="writes", verdict=FAIL, summary="", first="key 2 is lost"),
    ]
    folded = control_row(FLAW, findings)
    assert folded.verdicts == {"bite": PASS, "writes": FAIL, "recovery": FAIL}
    assert (folded.expected, folded.besides, folded.offence) == (("writes",), ("recovery",), "key 1 is lost")
    assert control_row(TWIN, findings).offence == ""
    assert control_row(TWIN, ()).verdicts == {}
