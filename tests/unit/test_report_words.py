"""What a report says of the run itself: how it ended, how it is repeated, how far its intervals hold."""

from dataclasses import replace
from html import unescape

import pytest

from harness.model.findings import Case, Finding
from harness.model.verdict import Verdict
from harness.report.page import render
from harness.report.sections import FIGURES
from tests.report_fixture import SUMMARY, WITHOUT_FIGURES, fixed


@pytest.mark.parametrize("kind", FIGURES)
def test_the_command_that_repeats_it_is_the_stored_one(kind: str) -> None:
    command = "twinbench chaos --fault 'a b' --seed 7"
    page = unescape(render(replace(WITHOUT_FIGURES, kind=kind, command=command)))
    assert f"<code>{command}</code>" in page


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        ("blocks", "It took 1.5 min. It ended after as many blocks as were asked for. To run the same blocks"),
        ("time", "It took 1.5 min. It ended when its time was spent. To run"),
        ("precision", "It ended when every interval was within 2.5 % of its ratio. To run"),
        ("interrupted", "Ctrl-C ended it. To run"),
        ("", "It took 1.5 min. To run the same blocks"),
    ],
)
def test_how_a_run_ended_is_said_before_the_command_that_repeats_it(ended: str, said: str) -> None:
    plan = replace(SUMMARY.plan, profile=replace(SUMMARY.plan.profile, precision=0.025))
    page = render(replace(WITHOUT_FIGURES, plan=plan, ended=ended))
    assert said in page
    assert page.index("2 blocks, and fresh target processes") < page.index(said)


def test_a_run_that_was_interrupted_says_so_at_the_top_and_how_far_its_intervals_hold() -> None:
    stopped = replace(WITHOUT_FIGURES, ended="interrupted", duration_s=0.0)
    page = render(stopped)
    assert page.index("Ctrl-C ended this run after 2 blocks") < page.index("<h1>")
    assert "Its intervals hold whenever a run ends" in page
    assert "It took" not in page
    assert "unless it was ended because of what they showed" in render(fixed(stopped))
    assert "Ctrl-C" not in render(WITHOUT_FIGURES)


def test_the_limits_say_which_kind_of_interval_it_is() -> None:
    at_any_time, by_blocks = (render(one).partition("<footer>")[2] for one in (WITHOUT_FIGURES, fixed(WITHOUT_FIGURES)))
    assert "whenever the run is looked at" in at_any_time
    assert "expect a few that do" not in at_any_time
    assert "expect a few that do" in by_blocks
    assert "whenever the run is looked at" not in by_blocks


def test_a_failed_check_is_told_at_the_top_and_in_the_table() -> None:
    bad = Finding(
        check="writes",
        verdict=Verdict.FAIL,
        code="lost",
        count=3,
        subject="01-007",
        first=Case(code="lost", facts={"key": "ab"}),
    )
    html = render(replace(WITHOUT_FIGURES, findings=(*SUMMARY.findings, bad), verdict=Verdict.FAIL))
    assert html.count("lost: key ab") >= 2


def test_a_kind_of_run_that_nobody_has_words_for_has_a_report() -> None:
    html = render(replace(WITHOUT_FIGURES, kind="capacity", sections=("findings", "environment")))
    assert "async and sync: every check passed." in html
    assert SUMMARY.command in html
