"""Chaos: writes are cut at every byte, every fault is injected under load, and the controls are tried besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import ClassVar, Self

from harness.analysis.judge import control_rows, judge_controls, judge_cuts, judge_plan, judge_trials
from harness.analysis.measures import cut_strips, cuts_per_s, fault_rows
from harness.errors import PartMissing
from harness.experiments.base import EVERY_REPORT, Experiment, Measured, Planned, Run
from harness.experiments.chaos.choice import Choice, choose
from harness.experiments.chaos.cut_map import map_cuts
from harness.experiments.chaos.fault_trial import fault_block, run_fault
from harness.experiments.chaos.schedule import make_schedule, with_controls
from harness.experiments.trial import run_trial, timed_block
from harness.model.cut_map import CutMap
from harness.model.findings import Judgement
from harness.model.plan import Plan, Target
from harness.model.run_records import RunRecord
from harness.model.workload import Workload
from harness.provision.testbed import Services
from harness.store import CONTROL_CUTS, Store

CONTROL_STRIDE = 100  # bytes
# Of the load under which a probe's check must catch a flaw: the pool is asked for what it is short of over two seconds.
CONTROL_WARMUP_S, CONTROL_MEASURE_S = 0.7, 2.0


@dataclass(frozen=True, kw_only=True)
class Chaos(Experiment):
    """Cuts and breaks ``targets`` as was chosen, and tries the controls, each by what it names."""

    kind: ClassVar[str] = "chaos"
    sections: ClassVar[tuple[str, ...]] = ("cut_map", "faults", "recovery", "controls", *EVERY_REPORT)
    targets: Mapping[str, Target]
    choice: Choice

    @classmethod
    def of(
        cls,
        workload: Workload,
        profile: str,
        *,
        targets: Sequence[str] | None = None,
        cuts: Sequence[str] | None = None,
        faults: Sequence[str] | None = None,
        blocks: int | None = None,
    ) -> Self:
        """Choose by name, the profile's where nothing is named; "none" names nothing.

        Raises:
            UsageError: A name is not known.
        """
        tried, choice = choose(workload, workload.questions.chaos_profiles[profile], targets, cuts, faults, blocks)
        return cls(targets=tried, choice=choice)

    def plan(self, services: Services, seed: int) -> Planned:
        """Lay out the faults of the targets, and after them those of each control, and its load."""
        if services.toxiproxy is None:
            raise PartMissing(f"Chaos needs Toxiproxy: {services.without_toxiproxy}", "Run 'twinbench doctor'")
        choice, questions = self.choice, services.workload.questions
        schedule = make_schedule(tuple(self.targets), choice.faults, choice.draw, choice.blocks, seed, choice.profile)
        loads = dict.fromkeys(load for control in choice.controls for load in control.load)
        targets = {**self.targets, **{control.target.name: control.target for control in choice.controls}}
        return Planned(
            plan=with_controls(schedule, choice.controls),
            targets=tuple(targets.values()),
            scenarios=(questions.chaos, *(questions.scenarios[load] for load in loads)),
            controls=choice.controls,
            left_out=choice.left_out,
        )

    def execute(self, run: Run) -> None:
        """Cut, then inject, then put load on the controls that load shows."""
        if self.choice.cuts:
            run.progress.say("Listening to what the writes say to PostgreSQL")
            run.store.write_cuts(map_cuts(run, list(self.targets.values()), self.choice.cuts))
        if run.planned.controls:
            run.store.write_cuts(_control_cuts(run), CONTROL_CUTS)
        if run.plan.trials:
            run.progress.began("faults and loads", len(run.plan.trials))
        faults = [trial for trial in run.plan.trials if trial.fault]
        for (_, name), trials in groupby(faults, key=lambda trial: (trial.block, trial.target)):
            with fault_block(run, run.target(name)) as block:
                for trial in trials:
                    run_fault(trial, block)
                    run.progress.step()
        loads = [trial for trial in run.plan.trials if not trial.fault]
        for name, trials in groupby(loads, key=lambda trial: trial.target):
            planned = replace(run.planned, plan=_loads_of(name, run.plan))
            with timed_block(replace(run, planned=planned), [run.target(name)]) as timed:
                for trial in trials:
                    run_trial(trial, timed)
                    run.progress.step()

    @classmethod
    def measure(cls, store: Store, record: RunRecord) -> Measured:
        """Lay out the cut map, and tell of every fault as it was observed."""
        return Measured(cuts=cut_strips(store), cuts_per_s=cuts_per_s(store), faults=fault_rows(store, record))

    @classmethod
    def judge(cls, store: Store, record: RunRecord, measured: Measured) -> Judgement:  # noqa: ARG003 - evidence is judged
        """Judge every cut, every fault and every control, and whether the plan was kept."""
        controls = control_rows(store, record)
        return Judgement(
            findings=(
                *judge_cuts(store),
                *judge_trials(store, record),
                *judge_controls(controls),
                *judge_plan(store, record),
            ),
            controls=controls,
        )


def _loads_of(name: str, plan: Plan) -> Plan:
    """What one control is to be loaded with, for as long as its probe needs."""
    profile = replace(plan.profile, warmup_s=CONTROL_WARMUP_S, measure_s=CONTROL_MEASURE_S)
    trials = tuple(trial for trial in plan.trials if trial.target == name and not trial.fault)
    return replace(plan, profile=profile, targets=(name,), trials=trials)


def _control_cuts(run: Run) -> CutMap:
    """Cut the writes of each control, not at every byte: a flaw shows in a sample, and more proves nothing more."""
    maps = [
        map_cuts(run, [control.target], control.cuts, CONTROL_STRIDE)
        for control in run.planned.controls
        if control.cuts
    ]
    return CutMap(
        conversations=tuple(one for each in maps for one in each.conversations),
        cuts=tuple(cut for each in maps for cut in each.cuts),
        duration_s=sum(each.duration_s for each in maps),
    )
