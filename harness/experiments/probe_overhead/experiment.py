"""What probes cost: each target with probes held against the same without, in interleaved slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar, Self

from harness.analysis.judge import judge_plan, judge_probe_overhead
from harness.analysis.measures import probe_overheads
from harness.experiments.base import EVERY_REPORT, Assessment, Experiment, Planned, Run
from harness.experiments.interleaved import Cores, read_slices
from harness.model.evidence import SliceReading
from harness.model.measures import Measures
from harness.model.plan import Plan, Profile, Target
from harness.model.run_records import RunRecord
from harness.model.workload import Workload
from harness.provision.database import seed
from harness.provision.testbed import Services
from harness.store import Store
from harness.workload.find import Names, chosen

# What is left by a single probe is 0.978 and more, by all of them 0.973 and more, and blocks differed by 0.005 to 0.014
# (standard deviation). So all of that is likely to be told from 0.97 by 18 blocks of the one and 54 of the other; with
# ten and 40 one or two of the twenty were left undecided.
BLOCKS, TIMES_ALL = 18, 3
NOT_APART = "No target had a core to itself, so where the system put it may count as a cost of probes"
# Of slices, for each pair and each kind of request in each block. With four seconds, blocks differed by 0.007 to 0.011
# (standard deviation), most of it spread within them. With six, intervals of 16 blocks reached 0.003 to 0.008.
SECONDS = 6.0
ASKED = ("ping", "point-read")
DIFFERENT_PATHS = 256  # that slices go through


@dataclass(frozen=True, kw_only=True)
class ProbeOverhead(Experiment):
    """Holds pairs of ``targets`` against each other, one without probes and one with, for ``seconds`` in each block.

    A pair that comes several times is driven as often in each block, with fresh processes each time. ``paths`` are
    what each scenario asks for.
    """

    kind: ClassVar[str] = "probe_overhead"
    sections: ClassVar[tuple[str, ...]] = ("probe_overhead", *EVERY_REPORT)
    targets: Mapping[str, Target]
    pairs: tuple[tuple[str, str], ...]
    paths: Mapping[str, Sequence[str]]
    blocks: int
    seconds: float
    cores: Cores = field(default_factory=Cores)

    @classmethod
    def of(cls, workload: Workload, targets: Names, blocks: int | None, seconds: float | None) -> Self:
        """Choose targets with probes by name, all of them if none is named; those with all the probes come more often.

        Raises:
            UsageError: A name is not known.
        """
        probed = chosen(targets or list(workload.probed), workload.probed, "target with probes")
        pairs = tuple(
            (target.model, name)
            for name, target in probed.items()
            for _ in range(TIMES_ALL if len(target.probes) > 1 else 1)
        )
        return cls(
            targets={name: workload.targets[name] for pair in pairs for name in pair},
            pairs=pairs,
            paths={name: _paths(workload, name) for name in ASKED},
            blocks=blocks or BLOCKS,
            seconds=seconds or SECONDS,
        )

    def reserved(self) -> AbstractContextManager[None]:
        """Keep a core for the targets, which no service is started on."""
        return self.cores.of_others()

    def plan(self, services: Services, seed: int) -> Planned:  # noqa: ARG002 - PostgreSQL is all that is needed
        """Plan no trials: what is done is settled by the pairs, the blocks and the seconds."""
        profile = Profile(
            name=self.kind,
            scenarios=tuple(self.paths),
            added_ms=(0,),
            blocks=self.blocks,
            warmup_s=0.0,
            measure_s=self.seconds,
        )
        return Planned(
            plan=Plan(profile=profile, targets=tuple(self.targets), trials=(), seed=seed),
            targets=tuple(self.targets.values()),
            not_done=() if self.cores.apart else (NOT_APART,),
        )

    def execute(self, run: Run) -> None:
        """Hold every pair against each other in every block, in a seeded order, and store what each slice took."""
        seed(run.services.postgres.url, run.workload.database)
        run.progress.began("pairs by scenario", self.blocks * len(self.pairs) * len(self.paths))
        readings: list[SliceReading] = []
        for time_of_pair, plain, probed in in_order(self.pairs, self.blocks, run.plan.seed):
            pair = self.targets[plain], self.targets[probed]
            readings += read_slices(run, pair, time_of_pair, self.paths, self.seconds, self.cores)
            run.store.write_slices(readings)

    @classmethod
    def assess(cls, store: Store, record: RunRecord) -> Assessment:
        """Compute what share of its throughput each target keeps; judge that, and whether the plan was kept."""
        overheads = probe_overheads(store)
        return Assessment(
            measures=Measures(probe_overheads=overheads),
            findings=(*judge_probe_overhead(overheads), *judge_plan(store, record)),
        )


def in_order(pairs: Sequence[tuple[str, str]], blocks: int, seed_of_run: int) -> Iterator[tuple[int, str, str]]:
    """Say which pair comes when, and for which time: in each block all of them, in an order drawn anew."""
    times: Counter[tuple[str, str]] = Counter()
    for block in range(1, blocks + 1):
        order = Random(f"{seed_of_run}/{block}")  # noqa: S311 - an order to be repeated, no secret
        for pair in order.sample(pairs, len(pairs)):
            times[pair] += 1
            yield times[pair], *pair


def _paths(workload: Workload, scenario: str) -> tuple[str, ...]:
    """What the first operation of a scenario that only reads asks for, over and over."""
    operation = next(iter(workload.questions.scenarios[scenario].mix))
    return tuple(workload.request(operation, number).path for number in range(DIFFERENT_PATHS))
