"""A comparison: targets under several scenarios, at several added latencies, in balanced blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import ClassVar, Self

from harness.analysis.checks.added_latency import is_off
from harness.analysis.judge import (
    judge_framework_overhead,
    judge_garbage,
    judge_plan,
    judge_probe_overhead,
    judge_trials,
)
from harness.analysis.measures import analyse
from harness.errors import UsageError
from harness.experiments.base import EVERY_REPORT, Assessment, Experiment, Planned, Run
from harness.experiments.block import Block
from harness.experiments.comparison.course import Course
from harness.experiments.comparison.plan import direct_row
from harness.experiments.comparison.sliced import run_sliced
from harness.experiments.round_trips import count_round_trips
from harness.experiments.trial import PROBED_MEASURE_S, run_trial, timed_block
from harness.model.plan import Decomposition, Plan, Processors, Profile, Scenario, Target, Trial
from harness.model.run_records import RunRecord
from harness.model.workload import Workload
from harness.provision.pinning import confined, share_out
from harness.provision.testbed import Services
from harness.store import Store
from harness.workload.find import Names, chosen, chosen_targets

ATTEMPTS = 6  # one of the busiest cells is disturbed in one trial of four, and a run has hundreds of trials
MOST_REPEATED = 24  # of a block: so that a machine that is never quiet ends undecided, and in time
# A start took 3 s where a quick block took 16, and each start draws anew what makes a process fast.
BLOCKS_A_START = 2


@dataclass(frozen=True, kw_only=True)
class Amount:
    """How much to run, where it is not what the profile says; see ``harness.model.plan.Profile``."""

    seconds: float | None = None
    precision: float | None = None
    blocks: int | None = None


@dataclass(frozen=True, kw_only=True)
class Comparison(Experiment):
    """Compares ``targets``; ``references`` are the bare applications that they are held against.

    ``directs`` are the same as some of them without the proxy, which shows what that costs.
    A ``decomposition`` is of all of the targets.
    """

    kind: ClassVar[str] = "comparison"
    sections: ClassVar[tuple[str, ...]] = (
        *("ratios", "processor", "decomposition", "throughput", "latency", "distributions", "phases", "garbage"),
        "timelines",
        *("round_trips", "added_latency", "proxy_cost", "framework_overhead", "probe_overhead", "cpu", "time_use"),
        *EVERY_REPORT,
    )
    targets: Mapping[str, Target]
    references: Mapping[str, Target]
    directs: Mapping[str, Target]
    scenarios: Mapping[str, Scenario]
    profile: Profile
    decomposition: Decomposition | None = None
    processors: Processors | None = None

    @classmethod
    def of(
        cls,
        workload: Workload,
        profile: str,
        *,
        scenarios: Names = None,
        targets: Names = None,
        added_ms: Sequence[int] | None = None,
        amount: Amount = Amount(),
    ) -> Self:
        """Choose by name, the profile's where nothing is named, and what targets are held against.

        Raises:
            UsageError: A name is not known, or latency was to be added where there is no proxy.
        """
        usual = workload.questions.profiles[profile]
        named = chosen(scenarios or usual.scenarios, workload.questions.scenarios, "scenario")
        asked = chosen_targets(workload, targets)
        bare = any(not scenario.reaches_database for scenario in named.values())
        references = dict.fromkeys(target.reference for target in asked.values() if bare)
        known = workload.decomposition
        wanted = replace(
            usual,
            scenarios=tuple(named),
            added_ms=tuple(sorted(set(added_ms or usual.added_ms))),
            **{name: value for name, value in vars(amount).items() if value is not None},
        )
        if any(wanted.added_ms):
            _refuse_directs(asked)
        directs = [target.direct_twin for target in asked.values() if direct_row(wanted, named)]
        return cls(
            targets=asked,
            references={name: workload.targets[name] for name in references if name and name not in asked},
            directs={name: workload.targets[name] for name in directs if name and name not in asked},
            scenarios=named,
            profile=wanted,
            decomposition=known if known and set(known.targets) == set(asked) else None,
        )

    def pinned(self) -> Self:
        """Return the same with the targets, the load generator and all else on processors of their own.

        Raises:
            UsageError: There are too few of them.
        """
        every = (*self.targets.values(), *self.references.values(), *self.directs.values())
        return replace(self, processors=share_out(max(target.workers for target in every)))

    def reserved(self) -> AbstractContextManager[None]:
        """Keep this process, and with it the services that it starts, off the processors of targets and load."""
        return confined(self.processors.rest if self.processors else ())

    def plan(self, services: Services, seed: int) -> Planned:
        """Lay out every trial; without Toxiproxy there is no added latency, and the report says so."""
        profile = self.profile
        if any(target.probes for target in self.targets.values()):
            profile = replace(profile, measure_s=max(profile.measure_s, PROBED_MEASURE_S))
        directs = self.directs if services.toxiproxy else {}
        not_done: tuple[str, ...] = ()
        left_out = [f"{added_ms} ms" for added_ms in profile.added_ms if added_ms and services.toxiproxy is None]
        if left_out:
            profile = replace(profile, added_ms=(0,))
            not_done = (f"Not compared at {', '.join(left_out)} from the database: {services.without_toxiproxy}",)
        return Planned(
            plan=Plan(
                profile=profile,
                targets=tuple(self.targets),
                trials=(),
                seed=seed,
                references=tuple(self.references),
                directs=tuple(directs),
                decomposition=self.decomposition,
                processors=self.processors,
                # a probe would take a stopped process for a stall, and uvicorn a worker for one that hangs
                sliced=all(not target.probes and target.workers == 1 for target in self.targets.values()),
            ),
            targets=(*self.targets.values(), *self.references.values(), *directs.values()),
            scenarios=tuple(self.scenarios.values()),
            not_done=not_done,
        )

    def execute(self, run: Run) -> None:
        """Count round trips, and run blocks until every interval is narrow or the time is spent.

        Intervals hold whenever a run ends, so one that is interrupted is a shorter run, and no broken one.
        """
        self.count(run)
        course = Course(run, self.scenarios)
        try:
            while course.due():
                with timed_block(run, run.planned.targets) as block:
                    for trials in course.blocks(BLOCKS_A_START):
                        run_block(trials, block)
        except KeyboardInterrupt:
            course.interrupted()
            raise
        course.over()

    def count(self, run: Run) -> None:
        """Count round trips per request, which no check judges."""
        run.progress.say("Counting round trips per request")
        operations = sorted({name for scenario in self.scenarios.values() for name in scenario.mix})
        run.store.write_wire(tuple(count_round_trips(run, list(self.targets.values()), operations)))

    @classmethod
    def assess(cls, store: Store, record: RunRecord) -> Assessment:
        """Compute all numbers that are compared; judge trials, what framework, garbage and probes cost; the plan."""
        measures = analyse(store, record)
        return Assessment(
            measures=measures,
            findings=(
                *judge_trials(store, record),
                *judge_framework_overhead(record, measures),
                *judge_garbage(record.plan.targets, measures.garbage),
                *judge_probe_overhead(measures.probe_overheads),
                *judge_plan(store, record),
            ),
        )


def _refuse_directs(targets: Mapping[str, Target]) -> None:
    """Refuse targets to which no latency can be added.

    Raises:
        UsageError: One reaches PostgreSQL without the proxy.
    """
    if direct := [name for name, target in targets.items() if target.direct]:
        said = f"No latency can be added to {', '.join(direct)}, which reach PostgreSQL without the proxy"
        raise UsageError(said, "Give --latency-ms 0, or leave them out")


def run_block(trials: Sequence[Trial], block: Block) -> None:
    """Run a block's trials; the few whose added latency came out wrong are set aside and run again at its end.

    On a shared machine the proxy's timer fires late while a neighbour has the core, and such a trial
    answers for another latency than it was asked about. Throughput and latency have no say in this.
    """
    run = block.run
    due = _together(trials, sliced=run.plan.sliced)
    left = MOST_REPEATED
    for attempt in range(1, ATTEMPTS + 1):
        off: list[list[Trial]] = []
        for group in due:
            if attempt > 1:
                for trial in group:
                    run.store.set_aside(trial)
            tried = [replace(trial, attempt=attempt) for trial in group]
            records = run_sliced(tried, block) if run.plan.sliced else [run_trial(tried[0], block)]
            checked = "added_latency" in run.scenario(group[0].scenario).checks
            if checked and any(is_off(record.trial, record.samples) for record in records):
                off.append(group)
        due = off[:left]
        left -= len(due)


def _together(trials: Sequence[Trial], *, sliced: bool) -> list[list[Trial]]:
    """Gather what is run at a time: the trials of a cell by turns, or one after the other."""
    if not sliced:
        return [[trial] for trial in trials]
    return [list(group) for _, group in groupby(trials, key=lambda trial: (trial.scenario, trial.added_ms))]
