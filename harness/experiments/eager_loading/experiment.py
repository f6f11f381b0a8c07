"""A comparison of loading strategies: pages of users with posts, as they grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar, Self

from harness.analysis.judge import judge_pages, judge_plan
from harness.analysis.measures import pages as page_costs
from harness.experiments.base import EVERY_REPORT, Assessment, Experiment, Planned, Run
from harness.experiments.eager_loading.pages import STRATEGIES, pages, read_pages
from harness.model.evidence import PageReading
from harness.model.plan import Plan, Profile, Target
from harness.model.run_records import RunRecord
from harness.model.workload import Workload
from harness.provision.testbed import Services
from harness.store import Store
from harness.workload.find import Names, chosen_targets

ADDED_MS, BLOCKS = (0, 5), 5


@dataclass(frozen=True, kw_only=True)
class EagerLoading(Experiment):
    """Asks ``targets`` for every page by every strategy, at every added latency, in every block."""

    kind: ClassVar[str] = "eager_loading"
    sections: ClassVar[tuple[str, ...]] = ("eager_loading", *EVERY_REPORT)
    targets: Mapping[str, Target]
    added_ms: tuple[int, ...]
    blocks: int

    @classmethod
    def of(cls, workload: Workload, targets: Names, added_ms: Sequence[int] | None, blocks: int | None) -> Self:
        """Choose by name, the usual where nothing is chosen.

        Raises:
            UsageError: A name is not known.
        """
        return cls(
            targets=chosen_targets(workload, targets),
            added_ms=tuple(sorted(set(added_ms or ADDED_MS))),
            blocks=blocks or BLOCKS,
        )

    def plan(self, services: Services, seed: int) -> Planned:
        """Plan no trials: what is asked for is settled by the targets, the latencies and the blocks."""
        levels = self.added_ms if services.toxiproxy else (0,)
        left_out = ", ".join(f"{added_ms} ms" for added_ms in self.added_ms if added_ms not in levels)
        profile = Profile(
            name=self.kind, scenarios=(), added_ms=levels, blocks=self.blocks, warmup_s=0.0, measure_s=0.0
        )
        return Planned(
            plan=Plan(profile=profile, targets=tuple(self.targets), trials=(), seed=seed),
            targets=tuple(self.targets.values()),
            not_done=(f"Not asked at {left_out}: {services.without_toxiproxy}",) if left_out else (),
        )

    def execute(self, run: Run) -> None:
        """Ask for every page in a seeded order, and store what it cost after each block."""
        profile = run.plan.profile
        cells = len(profile.added_ms) * len(self.targets) * len(STRATEGIES) * len(pages())
        run.progress.began("pages", profile.blocks * cells)
        readings: list[PageReading] = []
        for block in range(1, profile.blocks + 1):
            order = Random(f"{run.plan.seed}/{block}")  # noqa: S311 - an order to be repeated, no secret
            readings += read_pages(run, block, order)
            run.store.write_pages(readings)

    @classmethod
    def assess(cls, store: Store, record: RunRecord) -> Assessment:
        """Compute what each page costs; judge the readings, and whether the plan was kept."""
        return Assessment(pages=page_costs(store), findings=(*judge_pages(store), *judge_plan(store, record)))
