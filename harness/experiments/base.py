"""What a kind of run is: how it plans, executes and assesses, and which sections its report has.

``harness.run`` opens the store, starts the services, counts the time and writes the report, the same for every kind.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol, Self

from harness.model.claims import MeasuredClaim
from harness.model.cut_map import CutStrip
from harness.model.evidence import FaultRow
from harness.model.findings import ControlRow, Finding
from harness.model.measures import Comparison, Measures, PageCost
from harness.model.plan import Control, Plan, Scenario, Target
from harness.model.run_records import RunRecord
from harness.model.workload import Workload
from harness.provision.postgres_url import repeatable
from harness.provision.testbed import Services
from harness.store import Store
from harness.workload.find import DEFAULT, load_workload

EVERY_REPORT = ("settings", "findings", "environment")  # the sections that every report ends with


class Progress(Protocol):
    """Receives the progress of a run."""

    def say(self, sentence: str) -> None:
        """Show that a longer step begins."""

    def began(self, what: str, total: int) -> None:
        """Show how many steps of a kind are to come."""

    def step(self, steps: float = 1) -> None:
        """Show that so many steps are over."""

    def show(self, comparisons: Sequence[Comparison]) -> None:
        """Show what is known by now."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """The configuration of every kind of run."""

    seed: int
    command: str
    out: Path
    postgres_url: str | None
    toxiproxy_url: str | None
    workload_name: str = DEFAULT

    @classmethod
    def typed(
        cls,
        words: Sequence[str],
        seed: int | None,
        out: Path,
        postgres_url: str | None,
        toxiproxy_url: str | None,
        workload: str = DEFAULT,
    ) -> Self:
        """Return the configuration of a run as it was typed; the seed is drawn, and joins the words, if none was."""
        used = random.SystemRandom().getrandbits(32) if seed is None else seed
        drawn = ["--seed", str(used)] if seed is None else []
        return cls(
            seed=used,
            command=repeatable([*words, *drawn], postgres_url),
            out=out,
            postgres_url=postgres_url,
            toxiproxy_url=toxiproxy_url,
            workload_name=workload,
        )

    @property
    def workload(self) -> Workload:
        """Return the workload of that name."""
        return load_workload(self.workload_name)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What is settled before anything is run.

    ``not_done`` says in whole sentences what can't be run, and why; ``left_out`` what does not apply to the workload.
    """

    plan: Plan
    targets: tuple[Target, ...]
    scenarios: tuple[Scenario, ...] = ()
    controls: tuple[Control, ...] = ()
    not_done: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run under way: what an experiment executes its plan with."""

    planned: Planned
    services: Services
    store: Store
    progress: Progress

    @property
    def workload(self) -> Workload:
        """What the targets can be asked."""
        return self.services.workload

    @property
    def plan(self) -> Plan:
        """What is to be run, in order."""
        return self.planned.plan

    def target(self, name: str) -> Target:
        """Return a target of the plan by its name."""
        return next(target for target in self.planned.targets if target.name == name)

    def scenario(self, name: str) -> Scenario:
        """Return a scenario of the plan by its name."""
        return next(scenario for scenario in self.planned.scenarios if scenario.name == name)


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What is made of the evidence of a run: what its checks say, and numbers for the report to draw."""

    findings: tuple[Finding, ...]
    controls: tuple[ControlRow, ...] = ()
    measures: Measures = field(default_factory=Measures)
    cuts: tuple[CutStrip, ...] = ()
    cuts_per_s: float = 0.0
    faults: tuple[FaultRow, ...] = ()
    pages: tuple[PageCost, ...] = ()
    claims: tuple[MeasuredClaim, ...] = ()


class Experiment(ABC):
    """A kind of run. An instance has what is to be run; a stored run is assessed by the class alone."""

    kind: ClassVar[str]
    sections: ClassVar[tuple[str, ...]]
    targets: Mapping[str, Target]

    def reserved(self) -> AbstractContextManager[None]:
        """Keep what the run needs of the machine before any service starts; most need nothing."""
        return nullcontext()

    @abstractmethod
    def plan(self, services: Services, seed: int) -> Planned:
        """Lay out what is to be run, as far as the services allow.

        Raises:
            PartMissing: Nothing can be run without a part that is not there.
        """

    @abstractmethod
    def execute(self, run: Run) -> None:
        """Carry out the plan and store the evidence.

        Raises:
            HarnessError: It could not be carried out to its end.
        """

    @classmethod
    @abstractmethod
    def assess(cls, store: Store, record: RunRecord) -> Assessment:
        """Compute the numbers of whatever is stored, and judge it by the checks."""
