"""Trials within a claim's experiment: under load or with a fault in it, each judged as in a chaos run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from harness.analysis.checks.registry import judge_trial
from harness.analysis.measures import fault_rows
from harness.experiments.base import Run
from harness.experiments.chaos.fault_trial import fault_block, run_fault
from harness.experiments.chaos.schedule import make_schedule, with_controls
from harness.experiments.trial import PROBED_MEASURE_S, run_trial, timed_block
from harness.model.evidence import FaultRow
from harness.model.findings import Finding
from harness.model.plan import Control, Plan, Trial
from harness.model.run_records import RunRecord
from harness.model.verdict import Verdict

WARMUP_S = 0.7  # of a load under which a probe's check must catch a flaw


def planned(run: Run, claim: str, targets: Sequence[str], faults: Sequence[str]) -> Plan:
    """Lay out faults of targets in an order drawn by the run's seed, the trials named after their claim."""
    schedule = make_schedule(targets, faults, len(faults), 1, run.plan.seed, run.plan.profile.name)
    return _named(schedule, claim)


def planned_controls(run: Run, claim: str, controls: Sequence[Control]) -> Plan:
    """Lay out what brings controls to light: faults and loads."""
    nothing = make_schedule((), (), 0, 1, run.plan.seed, run.plan.profile.name)
    return _named(with_controls(nothing, controls), claim)


def judged_trials(run: Run, plan: Plan) -> Iterator[tuple[Trial, tuple[Finding, ...]]]:
    """Carry trials out, those of a target by the same processes, and yield each with what the checks say of it.

    Raises:
        HarnessError: One could not be carried out to its end.
    """
    record = record_of(run, plan)
    for (faulty, name), group in groupby(plan.trials, key=lambda trial: (bool(trial.fault), trial.target)):
        trials, target = tuple(group), run.workload.targets[name]
        profile = plan.profile if faulty else replace(plan.profile, warmup_s=WARMUP_S, measure_s=PROBED_MEASURE_S)
        own = replace(plan, profile=profile, targets=(name,), trials=trials)
        within = replace(run, planned=replace(run.planned, plan=own, targets=(target,), scenarios=record.scenarios))
        with fault_block(within, target) if faulty else timed_block(within, [target]) as block:
            for trial in trials:
                (run_fault if faulty else run_trial)(trial, block)
                evidence = run.store.evidence(trial, record)
                yield trial, judge_trial(evidence) if evidence else ()


def observed_faults(run: Run, plan: Plan) -> dict[str, FaultRow]:
    """Return every fault as it was observed, by its trial's id."""
    return {row.trial: row for row in fault_rows(run.store, record_of(run, plan))}


def record_of(run: Run, plan: Plan) -> RunRecord:
    """Return the run's record as if the trials of a claim were its plan."""
    questions = run.workload.questions
    scenarios = {questions.chaos.name: questions.chaos, **questions.scenarios}
    named = dict.fromkeys(trial.target for trial in plan.trials)
    return replace(
        run.store.record(),
        plan=replace(plan, targets=tuple(named)),
        targets=tuple(run.workload.targets[name] for name in named),
        scenarios=tuple(scenarios.values()),
    )


def checks_with(findings: Sequence[Finding], verdict: Verdict) -> tuple[str, ...]:
    """Name the checks that came to a verdict."""
    return tuple(dict.fromkeys(finding.check for finding in findings if finding.verdict is verdict))


def _named(plan: Plan, claim: str) -> Plan:
    return replace(plan, trials=tuple(replace(trial, id=f"{claim}-{trial.id}") for trial in plan.trials))
