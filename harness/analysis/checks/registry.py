"""Every check by name, what it judges, and the one way to call it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from harness.analysis.checks.added_latency import check_added_latency
from harness.analysis.checks.claims.catalog import CLAIM_CHECKS
from harness.analysis.checks.completeness import check_completeness
from harness.analysis.checks.confirmed import check_confirmed
from harness.analysis.checks.consequence import referred
from harness.analysis.checks.controls import check_control
from harness.analysis.checks.cut_map import check_cut_map
from harness.analysis.checks.deadline import check_deadline
from harness.analysis.checks.duplicate_requests import check_duplicate_requests
from harness.analysis.checks.eager_loading import check_eager_loading
from harness.analysis.checks.framework_overhead import check_framework_overhead
from harness.analysis.checks.garbage import check_garbage
from harness.analysis.checks.invariants import check_invariants
from harness.analysis.checks.loop import check_loop
from harness.analysis.checks.n_plus_one import check_n_plus_one
from harness.analysis.checks.plan import check_plan
from harness.analysis.checks.pool import check_pool
from harness.analysis.checks.probe_overhead import check_probe_overhead
from harness.analysis.checks.recovery import check_recovery, check_recovery_of_cuts
from harness.analysis.checks.requests import check_requests
from harness.analysis.checks.success_rate import check_success_rate
from harness.analysis.checks.unseen import with_bound
from harness.analysis.checks.waits import check_waits
from harness.analysis.checks.writes import check_writes
from harness.model.claims import MeasuredClaim
from harness.model.cut_map import CutMap
from harness.model.evidence import Evidence, PageReadings
from harness.model.findings import ControlRow, Execution, Finding
from harness.model.measures import ProbeOverhead, TargetGarbage, TargetOverheads
from harness.model.plan import Scenario, Target
from harness.model.verdict import Verdict

S = TypeVar("S")


@dataclass(frozen=True)
class Check(Generic[S]):
    """A pure function of one subject: what it is called, what it judges, and the probe that it needs, if any.

    A trial is judged by the checks that its scenario names, and by those whose probe its target has; every other
    subject by all that judge its kind.
    """

    name: str
    judges: type[S]
    judge: Callable[[S], Iterable[Finding]]
    probe: str = ""


CHECKS: tuple[Check[Any], ...] = (
    Check("completeness", Evidence, check_completeness),
    Check("duplicate_requests", Evidence, check_duplicate_requests),
    Check("success_rate", Evidence, check_success_rate),
    Check("added_latency", Evidence, check_added_latency),
    Check("confirmed", Evidence, check_confirmed),
    Check("writes", Evidence, check_writes),
    Check("invariants", Evidence, check_invariants),
    Check("deadline", Evidence, check_deadline),
    Check("recovery", Evidence, check_recovery),
    Check("loop", Evidence, check_loop, probe="loop"),
    Check("n_plus_one", Evidence, check_n_plus_one, probe="queries"),
    Check("requests", Evidence, check_requests, probe="requests"),
    Check("waits", Evidence, check_waits, probe="requests"),
    Check("pool", Evidence, check_pool, probe="pool"),
    Check("cut_map", CutMap, check_cut_map),
    Check("recovery", CutMap, check_recovery_of_cuts),
    Check("eager_loading", PageReadings, check_eager_loading),
    Check("framework_overhead", TargetOverheads, check_framework_overhead),
    Check("garbage", TargetGarbage, check_garbage),
    Check("probe_overhead", ProbeOverhead, check_probe_overhead),
    Check("controls", ControlRow, check_control),
    Check("plan", Execution, check_plan),
    *(Check(name, MeasuredClaim, judge) for name, judge in CLAIM_CHECKS.items()),
)
OF_TRIALS = {check.name: check for check in CHECKS if check.judges is Evidence}
OF_CLAIMS = {check.name: check for check in CHECKS if check.judges is MeasuredClaim}


def judge_subject(subject: object, name: str = "") -> tuple[Finding, ...]:
    """Judge anything but a trial by all checks of its kind; its name is empty for the run as a whole."""
    checks = [check for check in CHECKS if check.judges is type(subject)]
    return tuple(finding for check in checks for finding in findings_of(check, subject, name))


def judge_claim(claim: MeasuredClaim) -> tuple[Finding, ...]:
    """Judge a claim by the check of its name; one whose experiment did not come to its end is undecided."""
    name = claim.claim.name
    if not claim.complete:
        return (Finding(check=name, verdict=Verdict.UNDECIDED, code="not_observed"),)
    if name not in OF_CLAIMS:
        return (Finding(check=name, verdict=Verdict.UNDECIDED, code="no_check"),)
    return findings_of(OF_CLAIMS[name], claim, "")


def judge_trial(evidence: Evidence) -> tuple[Finding, ...]:
    """Judge a trial by the checks that its scenario names, and by those of its target's probes.

    A pass tells how much of what was not seen there may be. What only follows from another finding refers to it.

    Raises:
        KeyError: The scenario names a check that there is not.
    """
    checks = checks_of(evidence.scenario, evidence.target)
    findings = referred([finding for check in checks for finding in findings_of(check, evidence, evidence.trial.id)])
    return tuple(with_bound(finding, evidence) for finding in findings)


def checks_of(scenario: Scenario, target: Target) -> tuple[Check[Evidence], ...]:
    """Return the checks that judge a trial of a target under a scenario.

    Raises:
        KeyError: The scenario names a check that there is not.
    """
    named = {name: OF_TRIALS[name] for name in scenario.checks}
    probed = {check.name: check for check in OF_TRIALS.values() if check.probe in target.probes}
    return tuple({**named, **probed}.values())


def findings_of(check: Check[S], subject: S, name: str) -> tuple[Finding, ...]:
    """Call a check. One that crashes has decided nothing of what goes by this name, and says how it crashed."""
    try:
        return tuple(check.judge(subject))
    except Exception as error:  # noqa: BLE001 - whatever a check does, it must not pass
        facts = {"error": f"{type(error).__name__}: {error}"}
        how = Finding(check=check.name, verdict=Verdict.UNDECIDED, code="crashed", facts=facts, count=1, subject=name)
        return (how,)
