"""Evidence to findings: hand each trial to the checks that its scenario names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from harness.analysis.checks.added_latency import check_added_latency
from harness.analysis.checks.completeness import check_completeness
from harness.analysis.checks.controls import check_control
from harness.analysis.checks.cut_map import check_cut_map
from harness.analysis.checks.duplicate_requests import check_duplicate_requests
from harness.analysis.checks.eager_loading import check_eager_loading
from harness.analysis.checks.fault_trial import check_confirmed, check_deadline, check_invariants, check_recovery
from harness.analysis.checks.framework_overhead import check_framework_overhead
from harness.analysis.checks.loop import check_loop
from harness.analysis.checks.n_plus_one import check_n_plus_one
from harness.analysis.checks.pool import check_pool
from harness.analysis.checks.probe_overhead import check_probe_overhead
from harness.analysis.checks.requests import check_requests
from harness.analysis.checks.success_rate import check_success_rate
from harness.analysis.checks.writes import check_writes
from harness.model.cut_map import CutMap
from harness.model.evidence import Evidence
from harness.model.findings import Check, ControlRow, Finding, merge
from harness.model.measures import Analysis
from harness.model.outcome import Verdict
from harness.model.plan import Control, Target
from harness.model.records import RunRecord
from harness.store import CONTROL_CUTS, Store

CHECKS: Mapping[str, Check] = {
    "record": check_completeness,
    "resends": check_duplicate_requests,
    "answers": check_success_rate,
    "distance": check_added_latency,
    "writes": check_writes,
    "bite": check_confirmed,
    "balances": check_invariants,
    "deadline": check_deadline,
    "recovery": check_recovery,
}
BY_PROBE: Mapping[str, Check] = {
    "loop": check_loop,
    "queries": check_n_plus_one,
    "requests": check_requests,
    "pool": check_pool,
}


def judge(store: Store, record: RunRecord, analysis: Analysis) -> tuple[Finding, ...]:
    """Judge cuts, pages, every trial that was begun, the twins' tuning, the probes' cost, and if the plan was kept."""
    cut_map = store.cuts()
    findings: list[Finding] = list(check_cut_map(cut_map)) if cut_map else []
    if record.kind == "eager_loading":
        findings.append(check_eager_loading(store.pages()))
    begun = [evidence for trial in record.plan.trials if (evidence := store.evidence(trial, record))]
    controls = {control.target.name for control in record.controls}
    for evidence in begun:
        if evidence.target.name not in controls:
            findings += judge_trial(evidence)
    findings += [check_control(row) for row in control_rows(store, record)]
    findings += _judge_tuning(record, analysis) if record.kind == "comparison" else ()
    # The dearest first, as the first of equals stands for all of them.
    findings += [check_probe_overhead(one) for one in sorted(analysis.probe_overheads, key=lambda one: one.share.value)]
    findings += [
        Finding(check="plan", verdict=Verdict.UNDECIDED, summary=sentence, count=1) for sentence in record.not_done
    ]
    done = sum(evidence.complete for evidence in begun)
    if store.duration_s() is None or done < len(record.plan.trials):
        findings.append(
            Finding(
                check="plan",
                verdict=Verdict.UNDECIDED,
                summary="The run did not come to its end",
                measured=f"{done} trials",
                limit=f"{len(record.plan.trials)} planned",
                count=len(record.plan.trials) - done,
            )
        )
    return tuple(findings)


def control_rows(store: Store, record: RunRecord) -> tuple[ControlRow, ...]:
    """Say what every check says of each control of a run."""
    cut_map = store.cuts(CONTROL_CUTS)
    rows = []
    for control in record.controls:
        cuts = _of(control.target, cut_map) if cut_map else None
        findings = list(check_cut_map(cuts)) if cuts and cuts.cuts else []
        tried = [
            evidence
            for trial in record.plan.trials
            if trial.target == control.target.name and (evidence := store.evidence(trial, record))
        ]
        for evidence in tried:
            findings += judge_trial(evidence)
        row = control_row(control, findings)
        faults = sum(bool(evidence.trial.fault) for evidence in tried)
        rows.append(replace(row, cuts=len(cuts.cuts) if cuts else 0, faults=faults, loads=len(tried) - faults))
    return tuple(rows)


def control_row(control: Control, findings: Sequence[Finding]) -> ControlRow:
    """Fold the findings of one control by check."""
    expected = tuple(control.target.expected)
    failed = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    return ControlRow(
        target=control.target.name,
        expected=expected,
        besides=control.besides,
        verdicts={
            check: merge(finding.verdict for finding in findings if finding.check == check)
            for check in dict.fromkeys(finding.check for finding in findings)
        },
        offence=next((finding.first for finding in failed if finding.check in expected), ""),
        place=control.place,
    )


def _of(target: Target, cut_map: CutMap) -> CutMap:
    return replace(
        cut_map,
        conversations=tuple(one for one in cut_map.conversations if one.target == target.name),
        cuts=tuple(cut for cut in cut_map.cuts if cut.target == target.name),
    )


def judge_trial(evidence: Evidence, checks: Mapping[str, Check] = CHECKS) -> Iterator[Finding]:
    """Judge one trial. A check that crashes has decided nothing, and says how it crashed."""
    by_probe = {name: check for name, check in BY_PROBE.items() if name in evidence.target.probes}
    for name, check in {**{name: checks[name] for name in evidence.scenario.checks}, **by_probe}.items():
        try:
            yield check(evidence)
        except Exception as error:  # noqa: BLE001 - whatever a check does, it must not pass
            yield Finding(
                check=name,
                verdict=Verdict.UNDECIDED,
                summary=f"The check crashed: {type(error).__name__}: {error}",
                count=1,
                trial=evidence.trial.id,
            )


def _judge_tuning(record: RunRecord, analysis: Analysis) -> Iterator[Finding]:
    """Judge each target that was to be held against a bare application."""
    planned = {trial.target for trial in record.plan.trials}
    for target in record.targets:
        if target.name in record.plan.targets and target.reference in planned:
            yield check_framework_overhead(
                target, [one for one in analysis.framework_overheads if one.target == target.name]
            )
