"""What a person reads in the end: each finding that did not pass, with what was measured and its first offence."""

import io
from dataclasses import replace

from harness.console import show
from harness.model.findings import Case, Finding, in_unit
from harness.model.summary import Summary
from harness.model.verdict import Verdict
from harness.terminal import Terminal
from tests.report_fixture import SUMMARY, known


def printed(*findings: Finding) -> list[str]:
    return shown(replace(SUMMARY, findings=findings))


def shown(summary: Summary, width: int = 300) -> list[str]:
    told = io.StringIO()
    show(summary, "report.html", Terminal(file=told, width=width))
    return [line.rstrip() for line in told.getvalue().splitlines()]


def test_a_run_that_was_interrupted_says_after_how_many_blocks() -> None:
    assert "Verdict: pass" in shown(SUMMARY)
    stopped = replace(SUMMARY, ended="interrupted")
    assert "Verdict of a run that Ctrl-C ended after 2 blocks: pass" in shown(stopped)
    one = replace(stopped, plan=replace(SUMMARY.plan, trials=SUMMARY.plan.trials[:10]))
    assert "Verdict of a run that Ctrl-C ended after 1 block: pass" in shown(one)
    torn = replace(SUMMARY, complete=False)
    assert "Verdict of an incomplete run (20 trials): pass" in shown(torn)


def test_both_ratios_of_a_row_stand_in_its_line_and_fit_a_narrow_terminal() -> None:
    (line,) = [line for line in shown(SUMMARY) if "write" in line and "20 ms" in line]
    assert [part.strip() for part in line.strip("│").split("│")][-3:] == [
        "1.01 (0.96 to 1.06)",
        "not significant",
        "1.40 (1.33 to 1.47)",
    ]
    narrow = shown(SUMMARY, width=80)
    assert not [line for line in narrow if "…" in line]
    assert [line for line in shown(SUMMARY) if "mixed" in line and "│-" in line]  # no processor time is known


def test_each_other_target_has_a_line_of_its_own() -> None:
    third = tuple(
        replace(one, second="third", ratio=known(3.0)) for one in SUMMARY.measures.comparisons if one.scenario == "ping"
    )
    measures = replace(SUMMARY.measures, comparisons=(*SUMMARY.measures.comparisons, *third))
    plan = replace(SUMMARY.plan, targets=("async", "sync", "third"))
    lines = shown(replace(SUMMARY, plan=plan, measures=measures))
    assert [line for line in lines if "ping" in line and "sync" in line and "2.00 (1.90 to 2.10)" in line]
    assert [line for line in lines if "third" in line and "3.00 (2.70 to 3.30)" in line and "ping" not in line]


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
