"""Evidence to findings: hand each subject of a run to the checks that judge its kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from harness.analysis.checks.registry import OF_TRIALS, checks_of, judge_claim, judge_subject, judge_trial
from harness.model.claims import MeasuredClaim
from harness.model.cut_map import CutMap
from harness.model.evidence import Evidence, PageReadings
from harness.model.findings import Case, ControlRow, Execution, Finding, Findings
from harness.model.measures import GarbageShare, Measures, ProbeOverhead, TargetGarbage, TargetOverheads
from harness.model.plan import Control, Target, Trial
from harness.model.run_records import RunRecord
from harness.model.verdict import Verdict, merge
from harness.store import CONTROL_CUTS, Store
from harness.stored_file import unreadable


def judge_trials(store: Store, record: RunRecord) -> Findings:
    """Judge every trial that was begun, but for those of controls."""
    controls = {control.target.name for control in record.controls}
    for evidence in _begun(store, record, [trial for trial in record.plan.trials if trial.target not in controls]):
        yield from judge_trial(evidence)


def judge_cuts(store: Store) -> tuple[Finding, ...]:
    """Judge the cut map, if there is one."""
    cut_map = store.cuts()
    return judge_subject(cut_map) if cut_map else ()


def judge_pages(store: Store) -> tuple[Finding, ...]:
    """Judge what pages cost by each loading strategy."""
    return judge_subject(PageReadings(readings=store.pages()))


def judge_claims(claims: Iterable[MeasuredClaim]) -> Findings:
    """Judge each claim by the check of its name."""
    for claim in claims:
        yield from judge_claim(claim)


def judge_controls(rows: Iterable[ControlRow]) -> Findings:
    """Judge whether the checks caught what they must, and nothing else."""
    for row in rows:
        yield from judge_subject(row, row.target)


def judge_framework_overhead(record: RunRecord, measures: Measures) -> Findings:
    """Judge each target that was to be held against a bare application."""
    planned = {trial.target for trial in record.plan.trials}
    for target in record.targets:
        if target.name in record.plan.targets and target.reference in planned:
            known = tuple(one for one in measures.framework_overheads if one.target == target.name)
            compared = TargetOverheads(target=target.name, reference=target.reference, overheads=known)
            yield from judge_subject(compared, target.name)


def judge_garbage(targets: Iterable[str], shares: Sequence[GarbageShare]) -> Findings:
    """Judge each target that told of its garbage collections."""
    for target in targets:
        rows = tuple(one for one in shares if one.target == target)
        if rows:
            yield from judge_subject(TargetGarbage(target=target, rows=rows), target)


def judge_probe_overhead(overheads: Iterable[ProbeOverhead]) -> Findings:
    """Judge what probes cost: the dearest first, as the first of equals stands for all of them."""
    for one in sorted(overheads, key=lambda one: one.share.value):
        yield from judge_subject(one, one.probed)


def judge_plan(store: Store, record: RunRecord) -> tuple[Finding, ...]:
    """Judge whether all was done that was planned."""
    planned = record.plan.trials
    return judge_subject(
        Execution(
            planned=len(planned),
            done=sum(map(store.is_over, planned)),
            complete=store.is_complete(record),
            checked=not planned or _is_checked(record),
            not_done=record.not_done,
        )
    )


def _is_checked(record: RunRecord) -> bool:
    """Whether any trial that is planned has a check to answer for."""
    scenarios = {scenario.name: scenario for scenario in record.scenarios}
    targets = {target.name: target for target in record.targets}
    return any(checks_of(scenarios[trial.scenario], targets[trial.target]) for trial in record.plan.trials)


def control_rows(store: Store, record: RunRecord) -> tuple[ControlRow, ...]:
    """Say what every check says of each control of a run."""
    cut_map = store.cuts(CONTROL_CUTS)
    rows = []
    for control in record.controls:
        cuts = _of(control.target, cut_map) if cut_map else None
        findings = list(judge_subject(cuts)) if cuts and cuts.cuts else []
        trials = [trial for trial in record.plan.trials if trial.target == control.target.name]
        tried = list(_begun(store, record, trials))
        findings += [finding for evidence in tried for finding in judge_trial(evidence)]
        faults = sum(bool(evidence.trial.fault) for evidence in tried)
        rows.append(
            replace(
                control_row(control, findings),
                cuts=len(cuts.cuts) if cuts else 0,
                faults=faults,
                loads=len(tried) - faults,
            )
        )
    return tuple(rows)


def control_row(control: Control, findings: Sequence[Finding]) -> ControlRow:
    """Fold the findings of one control by check."""
    expected = tuple(control.target.expected)
    failed = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    caught = [finding for check in expected for finding in failed if finding.check == check]
    return ControlRow(
        target=control.target.name,
        expected=expected,
        besides=control.besides,
        verdicts={
            check: merge(finding.verdict for finding in findings if finding.check == check)
            for check in dict.fromkeys(finding.check for finding in findings)
        },
        offence=_offence(caught[0]) if caught else None,
        place=control.place,
    )


def _offence(finding: Finding) -> Case:
    """Return the first case of a finding; of one that has none, what it says itself."""
    return finding.first or Case(code=finding.code, facts=finding.facts, values=finding.values, place=finding.place)


def _begun(store: Store, record: RunRecord, trials: Iterable[Trial]) -> Iterator[Evidence]:
    """Load the trials that were begun.

    Raises:
        EvidenceUnreadable: A trial can't be read, or the run names a check that there is not.
    """
    if unknown := {name for scenario in record.scenarios for name in scenario.checks} - OF_TRIALS.keys():
        raise unreadable(
            store.folder / "run.json",
            f"it names the check {min(unknown)!r}, and this twinbench knows {', '.join(OF_TRIALS)}",
            "Report it with the twinbench that made it",
        )
    for trial in trials:
        if evidence := store.evidence(trial, record):
            yield evidence


def _of(target: Target, cut_map: CutMap) -> CutMap:
    return replace(
        cut_map,
        conversations=tuple(one for one in cut_map.conversations if one.target == target.name),
        cuts=tuple(cut for cut in cut_map.cuts if cut.target == target.name),
    )
