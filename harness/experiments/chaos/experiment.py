"""Chaos: writes are cut at every byte, every fault is injected under load, and the controls are tried besides."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import ClassVar, Self, TypeVar

from harness.analysis.judge import control_rows, judge_controls, judge_cuts, judge_plan, judge_trials
from harness.analysis.measures import cut_strips, cuts_per_s, fault_rows
from harness.errors import PartMissing
from harness.experiments.base import EVERY_REPORT, Assessment, Experiment, Planned, Run
from harness.experiments.block import Block
from harness.experiments.chaos.cut_map import map_cuts
from harness.experiments.chaos.fault_trial import fault_block, run_fault
from harness.experiments.chaos.schedule import make_schedule, with_controls
from harness.experiments.trial import PROBED_MEASURE_S, run_trial, timed_block
from harness.faults.catalog import FAULTS, USUAL, why_not
from harness.model.cut_map import CutMap
from harness.model.plan import Control, Target
from harness.model.run_records import RunRecord
from harness.model.workload import Workload
from harness.provision.testbed import Services
from harness.store import CONTROL_CUTS, Store
from harness.workload.find import Names, chosen, chosen_targets

NONE = "none"
T = TypeVar("T")
CONTROL_STRIDE = 100  # bytes
CONTROL_WARMUP_S = 0.7  # of the load under which a probe's check must catch a flaw


@dataclass(frozen=True, kw_only=True)
class Chaos(Experiment):
    """Cuts and breaks ``targets``, and tries the ``controls`` besides, each by what it names.

    Of the faults each of ``blocks`` schedules draws ``draw``, or has all of them. ``left_out`` says which faults do not
    apply to the workload, and why.
    """

    kind: ClassVar[str] = "chaos"
    sections: ClassVar[tuple[str, ...]] = ("cut_map", "faults", "recovery", "controls", *EVERY_REPORT)
    targets: Mapping[str, Target]
    profile: str
    cuts: tuple[str, ...]
    faults: tuple[str, ...]
    draw: int
    blocks: int
    controls: tuple[Control, ...]
    left_out: tuple[str, ...]

    @classmethod
    def of(
        cls,
        workload: Workload,
        profile: str,
        *,
        targets: Names = None,
        cuts: Names = None,
        faults: Names = None,
        blocks: int | None = None,
    ) -> Self:
        """Choose what is named, or else what the profile has; "none" names nothing.

        Where the profile has nothing but controls, these are the ``targets`` that may be named, and are tried alone. A
        flaw alone gets the least that shows it, if that is chaos.

        Raises:
            UsageError: A name is not known.
        """
        usual = workload.questions.chaos_profiles[profile]
        tried = chosen_targets(workload, targets)
        named_cuts = _named(cuts, dict.fromkeys(workload.cuttable), "write to cut")
        named_faults = _named(faults, FAULTS, "fault")
        every = tuple(FAULTS) if usual.schema_changes else USUAL
        draw = len(FAULTS) if usual.faults is None else usual.faults
        controls = dict(workload.controls) if usual.flaws else {}
        if not usual.cuts and not draw:
            controls, tried = chosen(targets or list(workload.controls), workload.controls, "control"), {}
        alone = next(iter(tried.values())) if len(tried) == 1 else None
        flaw = workload.controls.get(alone.name) if alone and alone.flaw else None
        least = (flaw.cuts, flaw.faults) if flaw and not flaw.load else (usual.cuts, every)
        reasons = {kind: why_not(kind, workload) for kind in (least[1] if named_faults is None else named_faults)}
        return cls(
            targets=tried,
            profile=usual.name,
            cuts=least[0] if named_cuts is None else named_cuts,
            faults=tuple(kind for kind, reason in reasons.items() if not reason),
            draw=draw,
            blocks=blocks or usual.blocks,
            controls=tuple(control for name, control in controls.items() if name not in tried),
            left_out=tuple(f"The fault {kind} was left out: {reason}" for kind, reason in reasons.items() if reason),
        )

    def plan(self, services: Services, seed: int) -> Planned:
        """Lay out the faults of the targets, and after them those of each control, and its load."""
        if services.toxiproxy is None:
            raise PartMissing(f"Chaos needs Toxiproxy: {services.without_toxiproxy}", "Run 'twinbench doctor'")
        questions = services.workload.questions
        schedule = make_schedule(tuple(self.targets), self.faults, self.draw, self.blocks, seed, self.profile)
        loads = dict.fromkeys(load for control in self.controls for load in control.load)
        targets = {**self.targets, **{control.target.name: control.target for control in self.controls}}
        return Planned(
            plan=with_controls(schedule, self.controls),
            targets=tuple(targets.values()),
            scenarios=(questions.chaos, *(questions.scenarios[load] for load in loads)),
            controls=self.controls,
            left_out=self.left_out,
        )

    def execute(self, run: Run) -> None:
        """Cut, then inject, then put load on the controls that load shows."""
        if self.cuts:
            run.progress.say("Listening to what the writes say to PostgreSQL")
            run.store.write_cuts(map_cuts(run, list(self.targets.values()), self.cuts))
        if run.planned.controls:
            run.store.write_cuts(_control_cuts(run), CONTROL_CUTS)
        if run.plan.trials:
            run.progress.began("faults and loads", len(run.plan.trials))
        by_block = groupby(run.plan.trials, key=lambda trial: (bool(trial.fault), trial.block, trial.target))
        for (faulty, _, name), trials in by_block:
            with (fault_block if faulty else _load_block)(run, run.target(name)) as block:
                for trial in trials:
                    (run_fault if faulty else run_trial)(trial, block)
                    run.progress.step()

    @classmethod
    def assess(cls, store: Store, record: RunRecord) -> Assessment:
        """Lay out the cut map, tell of every fault as it was observed, and judge every cut, fault and control."""
        controls = control_rows(store, record)
        return Assessment(
            cuts=cut_strips(store),
            cuts_per_s=cuts_per_s(store),
            faults=fault_rows(store, record),
            findings=(
                *judge_cuts(store),
                *judge_trials(store, record),
                *judge_controls(controls),
                *judge_plan(store, record),
            ),
            controls=controls,
        )


def _named(names: Names, known: Mapping[str, T], kind: str) -> tuple[str, ...] | None:
    return tuple(chosen([name for name in names if name != NONE], known, kind)) if names else None


def _load_block(run: Run, control: Target) -> AbstractContextManager[Block]:
    """Start a control under what it is to be loaded with, for as long as its probe needs."""
    profile = replace(run.plan.profile, warmup_s=CONTROL_WARMUP_S, measure_s=PROBED_MEASURE_S)
    trials = tuple(trial for trial in run.plan.trials if trial.target == control.name and not trial.fault)
    plan = replace(run.plan, profile=profile, targets=(control.name,), trials=trials)
    return timed_block(replace(run, planned=replace(run.planned, plan=plan)), [control])


def _control_cuts(run: Run) -> CutMap:
    """Cut the writes of each control, not at every byte: a flaw shows in a sample, and more proves nothing more."""
    controls = (control for control in run.planned.controls if control.cuts)
    maps = [map_cuts(run, [control.target], control.cuts, CONTROL_STRIDE) for control in controls]
    return CutMap(
        conversations=tuple(one for each in maps for one in each.conversations),
        cuts=tuple(cut for each in maps for cut in each.cuts),
        duration_s=sum(each.duration_s for each in maps),
    )
