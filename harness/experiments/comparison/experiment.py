"""A comparison: targets under several scenarios, at several added latencies, in balanced blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import ClassVar, Self

from harness.analysis.checks.added_latency import is_off
from harness.analysis.judge import judge_framework_overhead, judge_plan, judge_probe_overhead, judge_trials
from harness.analysis.measures import analyse
from harness.experiments.base import EVERY_REPORT, Assessment, Experiment, Planned, Run
from harness.experiments.block import Block
from harness.experiments.comparison.plan import make_plan
from harness.experiments.round_trips import count_round_trips
from harness.experiments.trial import run_trial, timed_block
from harness.model.plan import Profile, Scenario, Target, Trial
from harness.model.run_records import RunRecord
from harness.model.workload import Workload
from harness.provision.testbed import Services
from harness.store import Store
from harness.workload.find import Names, chosen, chosen_targets

ATTEMPTS = 6  # one of the busiest cells is disturbed in one trial of four, and a run has hundreds of trials
MOST_REPEATED = 24  # of a block: so that a machine that is never quiet ends undecided, and in time


@dataclass(frozen=True, kw_only=True)
class Comparison(Experiment):
    """Compares ``targets``; ``references`` are the bare applications that they are held against."""

    kind: ClassVar[str] = "comparison"
    sections: ClassVar[tuple[str, ...]] = (
        *("ratios", "throughput", "latency", "distributions", "phases", "timelines", "round_trips", "added_latency"),
        *("framework_overhead", "probe_overhead", "cpu", *EVERY_REPORT),
    )
    targets: Mapping[str, Target]
    references: Mapping[str, Target]
    scenarios: Mapping[str, Scenario]
    profile: Profile

    @classmethod
    def of(
        cls,
        workload: Workload,
        profile: str,
        *,
        scenarios: Names = None,
        targets: Names = None,
        added_ms: Sequence[int] | None = None,
        blocks: int | None = None,
    ) -> Self:
        """Choose by name, the profile's where nothing is named, and what targets are held against with no database.

        Raises:
            UsageError: A name is not known.
        """
        usual = workload.questions.profiles[profile]
        named = chosen(scenarios or usual.scenarios, workload.questions.scenarios, "scenario")
        asked = chosen_targets(workload, targets)
        bare = any(not scenario.reaches_database for scenario in named.values())
        references = dict.fromkeys(target.reference for target in asked.values() if bare)
        return cls(
            targets=asked,
            references={name: workload.targets[name] for name in references if name and name not in asked},
            scenarios=named,
            profile=replace(
                usual,
                scenarios=tuple(named),
                added_ms=tuple(sorted(set(added_ms or usual.added_ms))),
                blocks=blocks or usual.blocks,
            ),
        )

    def plan(self, services: Services, seed: int) -> Planned:
        """Lay out every trial; without Toxiproxy there is no added latency, and the report says so."""
        profile = self.profile
        not_done: tuple[str, ...] = ()
        left_out = [f"{added_ms} ms" for added_ms in profile.added_ms if added_ms and services.toxiproxy is None]
        if left_out:
            profile = replace(profile, added_ms=(0,))
            not_done = (f"Not compared at {', '.join(left_out)} from the database: {services.without_toxiproxy}",)
        return Planned(
            plan=make_plan(tuple(self.targets), self.scenarios, profile, seed, tuple(self.references)),
            targets=(*self.targets.values(), *self.references.values()),
            scenarios=tuple(self.scenarios.values()),
            not_done=not_done,
        )

    def execute(self, run: Run) -> None:
        """Count round trips, and run every block with fresh processes."""
        run.progress.say("Counting round trips per request")
        operations = sorted({name for scenario in self.scenarios.values() for name in scenario.mix})
        run.store.write_wire(tuple(count_round_trips(run, list(self.targets.values()), operations)))
        run.progress.began("trials", len(run.plan.trials))
        for _, trials in groupby(run.plan.trials, key=lambda trial: trial.block):
            with timed_block(run, run.planned.targets) as block:
                run_block(list(trials), block)

    @classmethod
    def assess(cls, store: Store, record: RunRecord) -> Assessment:
        """Compute all numbers that are compared; judge trials, what framework and probes cost, and the plan."""
        measures = analyse(store, record)
        return Assessment(
            measures=measures,
            findings=(
                *judge_trials(store, record),
                *judge_framework_overhead(record, measures),
                *judge_probe_overhead(measures.probe_overheads),
                *judge_plan(store, record),
            ),
        )


def run_block(trials: Sequence[Trial], block: Block) -> None:
    """Run a block's trials; the few whose distance came out wrong are set aside and run again at its end.

    On a shared machine the proxy's timer fires late while a neighbour has the core, and such a trial
    answers for another distance than it was asked about. Throughput and latency have no say in this.
    """
    run = block.run
    due = list(trials)
    left = MOST_REPEATED
    for attempt in range(1, ATTEMPTS + 1):
        off: list[Trial] = []
        for trial in due:
            if attempt > 1:
                run.store.set_aside(trial)
            record = run_trial(replace(trial, attempt=attempt), block)
            if "added_latency" in run.scenario(trial.scenario).checks and is_off(trial, record.samples):
                off.append(trial)
            if attempt == 1:
                run.progress.step()
        due = off[:left]
        left -= len(due)
