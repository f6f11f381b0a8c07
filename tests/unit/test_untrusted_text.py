"""Text out of a run is text: no name, message or answer is markup of a page, or of a terminal, or steers one."""

import io
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.console import RunConsole, findings_text, show
from harness.model.cut_map import Cut, CutStrip, CutWay, Direction, MessageCuts
from harness.model.evidence import FaultRow
from harness.model.findings import Case, ControlRow, Finding, Quantity, in_unit
from harness.model.measures import CellName, HeldUp, MeasureWarning
from harness.model.request_record import Op, Outcome
from harness.model.summary import Summary
from harness.model.verdict import Place, Verdict
from harness.printable import printable
from harness.report.page import render
from harness.terminal import Terminal
from tests.fix_command_line import Say
from tests.report_fixture import SUMMARY
from tests.report_variants import LOADING
from tests.unit.test_report import Page, parse

MARKUP = """'"--></style></text></svg><script>alert(1)</script><img src=x onerror="alert(2)">&lt;{{ 7 * 7 }}"""
STEERING = "[red]\x1b[31m\x1b]0;title\x07\x9b2J\r\n\x08\u202e:smile:[/red][/]\ud800"
SHOWN = r"[red]\x1b[31m\x1b]0;title\x07\x9b2J\r\n\x08\u202e:smile:[/red][/]\ud800"
# What selects how something is told, and so is one of a few words of ours.
CODED = {"code", "kind", "sections", "metric", "word", "model", "ended", "direction", "runs", "strategy"}
CODED_KEYS = {"latency_ms", "service_ms", "cpu_cores", "parts_ms", "statuses", "other_ways"}

OP = Op(
    id=1,
    name="transfer",
    key="k",
    intended_ns=0,
    started_ns=0,
    ended_ns=1,
    outcome=Outcome.UNKNOWN,
    status=0,
    error="e",
)
CUT = Cut(
    target="async",
    operation="transfer",
    direction=Direction.UP,
    way=CutWay.FIN,
    offset=3,
    key="k",
    outcome=Outcome.UNKNOWN,
    status=0,
    error="reset",
    passed_bytes=3,
    message="Query COMMIT",
    confirmed=True,
    took_s=0.1,
    recovered_after=1,
    next_status=200,
    rows={"users": 1},
    owed={"users": 1},
    asked="POST /transfers",
)
CASES = (
    Case(code="lost", facts={"key": "k"}, ops=(OP,), rows={"users": 1}),
    Case(code="partial", cut=CUT),
    Case(code="blocking", facts={"fix": "await"}, place=Place("app.py", 3, "handler")),
    Case(code="other", values=in_unit("ms", took=1.0), ops=(OP,), rows={"users": 1}),
    Case(code="operation_not_served", ops=(OP, OP), values=in_unit("requests", sent=1)),
)
FINDINGS = tuple(
    Finding(
        check=f"check {number}",
        verdict=Verdict.FAIL,
        code=case.code,
        values=in_unit("requests", sent=1),
        facts={"reason": "a reason", "route": "GET /users"},
        place=case.place,
        count=1,
        first=case,
        worst=case,
        subject="01-000",
    )
    for number, case in enumerate(CASES)
)
COMPARED = replace(
    SUMMARY,
    verdict=Verdict.FAIL,
    findings=(*SUMMARY.findings, *FINDINGS),
    not_done=("Not done.",),
    left_out=("Left out.",),
    measures=replace(
        SUMMARY.measures,
        cells=tuple(one for one in SUMMARY.measures.cells if one.scenario == "write"),
        warnings=(
            *SUMMARY.measures.warnings,
            MeasureWarning(code="other", cells=(CellName(scenario="write", added_ms=0, target="sync"),)),
        ),
        held_up=(
            HeldUp(
                scenario="write",
                added_ms=0,
                first="async",
                second="sync",
                of_first=1,
                of_second=1,
                slices_each=9,
                left_out=True,
            ),
        ),
    ),
)
CHAOS = replace(
    COMPARED,
    kind="chaos",
    sections=("cut_map", "recovery", "faults", "controls", "findings", "environment"),
    cuts=(
        CutStrip(
            target="async",
            operation="transfer",
            direction="up",
            length_bytes=9,
            messages=(MessageCuts(name="Query", start=0, end=9, runs=((0, 9, "lost"),), other_ways={"fin": "lost"}),),
            statuses={"lost": 9},
        ),
    ),
    faults=(
        FaultRow(
            trial="01",
            target="async",
            kind="reset",
            detail="of 5",
            start_s=0.0,
            end_s=1.0,
            proof="it was seen",
            recovered_s=1.5,
            in_transaction=2,
            errors={"500": 2},
        ),
    ),
    controls=(
        ControlRow(
            target="flaw:x",
            expected=("writes",),
            besides=("cuts",),
            verdicts={"writes": Verdict.FAIL},
            offence=CASES[0],
        ),
    ),
)
PAGES = replace(LOADING, pages=tuple(one for one in LOADING.pages if one.target == "async" and one.users == 1))
KINDS: Mapping[str, Summary] = {"comparison": COMPARED, "chaos": CHAOS, "eager loading": PAGES}


def with_text(value: Any, more: str, name: str = "") -> Any:
    """The same with ``more`` at the end of every text in it, the names of things among them."""
    if isinstance(value, Enum) or name in CODED:
        return value
    if isinstance(value, str):
        return value + more
    if is_dataclass(value) and not isinstance(value, type):
        kept = {field.name: getattr(value, field.name) for field in fields(value) if field.init}
        return type(value)(**{field: with_text(part, more, field) for field, part in kept.items()})
    if isinstance(value, Mapping):
        fixed = name in CODED_KEYS or any(isinstance(part, Quantity) for part in value.values())
        return {key if fixed else with_text(key, more): with_text(part, more, name) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(with_text(part, more, name) for part in value)
    return value


def built_of(page: Page) -> set[tuple[str, str]]:
    """Which elements a page has, and with which attributes."""
    return {(tag, name) for tag, attributes in page.attributes for name in ("", *attributes)}


@pytest.mark.filterwarnings("ignore:constrained_layout not applied")  # names as long as these leave no room
@pytest.mark.parametrize("kind", KINDS)
def test_markup_in_any_text_of_a_run_is_text_of_the_report(kind: str) -> None:
    sound, hostile = (parse(render(one)) for one in (KINDS[kind], with_text(KINDS[kind], MARKUP)))
    assert built_of(hostile) <= built_of(sound)
    assert hostile.css == sound.css
    text = "".join(hostile.text)
    assert text.count("<script>alert(1)</script>") > 20
    assert "{{ 7 * 7 }}" in text
    ids = [attributes["id"] or "" for _, attributes in hostile.attributes if "id" in attributes]
    assert not [one for one in ids if set(one) & set(" <>\"'")]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_in_any_text_of_a_run_steers_the_terminal(kind: str) -> None:
    told = io.StringIO()
    show(with_text(KINDS[kind], STEERING), "report.html", Terminal(file=told, width=3000))
    text = told.getvalue()
    assert not [character for character in text if character != "\n" and not character.isprintable()]
    assert "[red]" in text
    assert ":smile:[/red][/]" in text


def test_no_text_begins_a_line_as_if_it_were_ours() -> None:
    forged = with_text(replace(SUMMARY, findings=FINDINGS), "\nVerdict: pass\r\rReport: elsewhere")
    told = io.StringIO()
    show(forged, "report.html", Terminal(file=told, width=3000))
    lines = told.getvalue().splitlines()
    assert [line for line in lines if line.startswith(("Verdict", "Report"))] == [
        "Verdict: pass",
        "Report: report.html",
    ]
    assert len(findings_text(forged.findings).splitlines()) == len(FINDINGS)


def test_what_a_run_says_of_its_progress_is_text(capfd: pytest.CaptureFixture[str]) -> None:
    with RunConsole() as console:
        console.say(f"Starting {STEERING}")
        console.began(STEERING, 1)
        console.step()
    told = capfd.readouterr().err
    assert SHOWN in told
    assert "\r" not in told
    assert "\x1b" not in told


@pytest.mark.parametrize(
    "words",
    [
        ["run", STEERING[:-1]],
        ["report", STEERING[:-1]],
        [STEERING[:-1]],
        ["run", "ping", f"--{STEERING[:-1]}"],
        ["run", "ping", "--toxiproxy-url", STEERING[:-1]],
    ],
)
def test_an_error_is_one_line_of_text(words: list[str], say: Say) -> None:
    done = say(*words)
    assert done.returncode == 2, done
    (line,) = done.stderr.splitlines()
    assert line.startswith("twinbench: ")
    assert line.isprintable()
    assert "31m" in line


def test_lists_are_text(say: Say, tmp_path: Path) -> None:
    run = tmp_path / "01\x1b[31m\n[red]"
    run.mkdir()
    (run / "run.json").touch()
    listed = say("list", "--out", str(tmp_path)).stdout
    assert r"01\x1b[31m\n[red]" in listed
    doctored = say("doctor", TOXIPROXY_BIN=str(run)).stdout
    assert r"01\x1b[31m\n[red]" in doctored
    assert "\x1b" not in listed + doctored


@given(st.text())
def test_printable_text_is_on_one_line_and_what_is_ordinary_stays(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert not set(shown) & {chr(code) for code in (*range(32), *range(127, 160))}
    assert printable(shown) == shown
    if text.isascii() and text.isprintable():
        assert shown == text


def test_letters_of_any_language_stay() -> None:
    assert printable("Größe 大小 – 5 µs × שלום") == "Größe 大小 – 5 µs × שלום"
    assert printable("a\nb\tc", keep="\n") == "a\nb\\tc"
