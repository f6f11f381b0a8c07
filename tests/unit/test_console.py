"""What a person reads in the end: each finding that did not pass, with what was measured and its first offence."""

import io
from dataclasses import replace

from rich.console import Console

from harness.console import show
from harness.model.findings import Case, Finding, Verdict, in_unit
from tests.report_fixture import SUMMARY


def printed(*findings: Finding) -> list[str]:
    told = io.StringIO()
    show(replace(SUMMARY, findings=findings), "report.html", Console(file=told, width=300))
    return [line.rstrip() for line in told.getvalue().splitlines()]


def test_each_part_of_a_finding_has_a_line_and_nothing_in_it_is_taken_for_markup() -> None:
    lost = Finding(
        check="writes",
        verdict=Verdict.FAIL,
        code="lost",
        values=in_unit("writes", writes=3, lost=3),
        facts={"statuses": "[bold]lost"},
        first=Case(code="lost", facts={"key": "[bold]7"}),
        subject="01",
    )
    lines = printed(lost)
    begin = lines.index("fail: writes in 01: Writes are [bold]lost")
    assert lines[begin + 1 : begin + 3] == ["  3 writes, 3 lost", "  lost: key [bold]7: sent by nobody, stored nothing"]


def test_what_is_not_known_of_it_has_no_line_and_what_passed_has_none_at_all() -> None:
    plan = Finding(check="plan", verdict=Verdict.UNDECIDED, code="left_out", facts={"reason": "Not done"})
    fine = Finding(check="completeness", verdict=Verdict.PASS, code="complete", values=in_unit("requests", recorded=4))
    lines = printed(fine, plan)
    assert lines[lines.index("undecided: plan: Not done") + 1].startswith("Verdict")
    assert not any("on record" in line for line in lines)
