"""Each check passes what is sound, fails what is not, and decides nothing where it has nothing to go by."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from harness.analysis.checks.completeness import check_completeness
from harness.analysis.checks.duplicate_requests import check_duplicate_requests
from harness.analysis.checks.registry import CHECKS, OF_TRIALS, Check, findings_of, judge_subject, judge_trial
from harness.analysis.checks.success_rate import check_success_rate
from harness.analysis.checks.writes import check_writes
from harness.model.evidence import Evidence
from harness.model.findings import ControlRow, Execution, Finding
from harness.model.verdict import Verdict, merge
from scenarios.catalog import CHAOS, SCENARIOS
from tests.evidence import SOUND, TRIAL, evidence, one, told, values

UNPROBED = {name: check for name, check in OF_TRIALS.items() if not check.probe}
# Those of a trial with a fault are in test_check_fault_trial.py.
WITHOUT_FAULT = {name: one for name, one in UNPROBED.items() if name not in {"confirmed", "invariants", "recovery"}}


@pytest.mark.parametrize("check", WITHOUT_FAULT.values(), ids=WITHOUT_FAULT)
def test_sound_evidence_passes_every_check(check: Check[Evidence]) -> None:
    assert one(findings_of(check, SOUND, TRIAL.id)).verdict is Verdict.PASS


@pytest.mark.parametrize("check", OF_TRIALS.values(), ids=OF_TRIALS)
def test_no_check_passes_an_interrupted_trial_of_nothing(check: Check[Evidence]) -> None:
    nothing = evidence(samples=(), faults=(), window=None, ledger=None, complete=False)
    found = one(findings_of(check, nothing, TRIAL.id))
    assert found.verdict is Verdict.UNDECIDED
    assert found.code != "crashed"


def test_every_check_that_a_scenario_names_exists() -> None:
    assert {name for scenario in (*SCENARIOS.values(), CHAOS) for name in scenario.checks} == set(UNPROBED)


def test_a_check_that_there_is_not_is_not_passed_over() -> None:
    with pytest.raises(KeyError):
        judge_trial(replace(SOUND, scenario=replace(SOUND.scenario, checks=("no such",))))


@pytest.mark.parametrize("check", OF_TRIALS.values(), ids=OF_TRIALS)
def test_a_finding_says_which_check_found_it_and_of_which_trial(check: Check[Evidence]) -> None:
    found = one(findings_of(check, SOUND, TRIAL.id))
    assert (found.check, found.subject) == (check.name, TRIAL.id)


def test_what_a_plan_lacks_is_left_open() -> None:
    whole = Execution(planned=4, done=4, complete=True, checked=True, not_done=())
    assert judge_subject(whole) == ()
    for torn in (replace(whole, done=3), replace(whole, complete=False)):
        found = one(judge_subject(torn))
        assert (found.check, found.verdict, found.code, found.count) == (
            "plan",
            Verdict.UNDECIDED,
            "run_incomplete",
            4 - torn.done,
        )
        assert values(found) == {"done": torn.done, "planned": 4}
    left_out = judge_subject(replace(whole, not_done=("Not at 20 ms.", "Nor at 5 ms.")))
    assert [(found.verdict, found.code, told([found]).summary) for found in left_out] == [
        (Verdict.UNDECIDED, "left_out", "Not at 20 ms."),
        (Verdict.UNDECIDED, "left_out", "Nor at 5 ms."),
    ]
    nothing_asked = one(judge_subject(replace(whole, checked=False)))
    assert (nothing_asked.check, nothing_asked.verdict, nothing_asked.code) == ("plan", Verdict.UNDECIDED, "unchecked")


@pytest.mark.parametrize("check", [check_completeness, check_duplicate_requests, check_success_rate, check_writes])
def test_an_interrupted_trial_is_undecided_whatever_else(check: Callable[[Evidence], Iterable[Finding]]) -> None:
    assert one(check(replace(SOUND, complete=False))).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("check", [check_completeness, check_duplicate_requests])
def test_a_count_that_is_missing_is_undecided(check: Callable[[Evidence], Iterable[Finding]]) -> None:
    assert one(check(replace(SOUND, samples=()))).verdict is Verdict.UNDECIDED


def test_a_ledger_that_was_not_read_is_undecided() -> None:
    assert one(check_writes(replace(SOUND, ledger=None))).verdict is Verdict.UNDECIDED


def test_a_check_that_crashes_has_decided_nothing_whatever_it_judges() -> None:
    def crash(_subject: object) -> Iterator[Finding]:
        yield Finding(check="broken", verdict=Verdict.PASS, code="fine")
        raise ZeroDivisionError("by hand")

    row = ControlRow(target="x", expected=(), besides=(), verdicts={})
    for broken, subject in ((Check("broken", Evidence, crash), SOUND), (Check("broken", ControlRow, crash), row)):
        found = one(findings_of(broken, subject, "x"))
        assert (found.check, found.verdict, found.code, found.count) == ("broken", Verdict.UNDECIDED, "crashed", 1)
        assert found.subject == "x"
        assert told([found]).summary == "The check crashed: ZeroDivisionError: by hand"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.name}, {check.judges.__name__}")
def test_a_check_that_is_given_nonsense_crashes_into_an_open_verdict(check: Check[Any]) -> None:
    found = one(findings_of(check, object(), "nonsense"))
    assert (found.check, found.verdict, found.code, found.subject) == (
        check.name,
        Verdict.UNDECIDED,
        "crashed",
        "nonsense",
    )


@pytest.mark.parametrize(
    ("verdicts", "merged"),
    [
        ((), "undecided"),
        (("pass",), "pass"),
        (("pass", "undecided"), "undecided"),
        (("undecided", "fail", "pass"), "fail"),
    ],
)
def test_verdicts_merge(verdicts: tuple[str, ...], merged: str) -> None:
    assert merge(Verdict(verdict) for verdict in verdicts) == merged
