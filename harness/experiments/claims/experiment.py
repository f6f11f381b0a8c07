"""A run that puts claims to the test, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from harness.analysis.claims import measured_claims
from harness.analysis.judge import judge_claims, judge_plan
from harness.experiments.base import Assessment, Experiment, Planned, Run
from harness.experiments.claims.catalog import CLAIMS
from harness.experiments.claims.claim_test import ClaimTest
from harness.model.plan import Plan, Profile, Target
from harness.model.run_records import RunRecord
from harness.model.workload import Workload
from harness.provision.database import seed
from harness.provision.testbed import Services
from harness.store import Store
from harness.workload.find import Names, chosen


@dataclass(frozen=True, kw_only=True)
class Claims(Experiment):
    """Puts the claims of ``tests`` to the test. The profile ``full`` has no sample of anything, but all of it."""

    kind: ClassVar[str] = "claims"
    sections: ClassVar[tuple[str, ...]] = ("claims", "findings", "environment")
    targets: Mapping[str, Target]
    tests: tuple[ClaimTest, ...]
    profile: str

    @classmethod
    def of(cls, workload: Workload, names: Names, profile: str) -> Self:
        """Choose by name, all where nothing is chosen.

        Raises:
            UsageError: A name is not known.
        """
        tests = tuple(chosen(names or list(CLAIMS), CLAIMS, "claim").values())
        needed = dict.fromkeys(target for test in tests for target in test.targets)
        return cls(targets={name: workload.targets[name] for name in needed}, tests=tests, profile=profile)

    def plan(self, services: Services, seed: int) -> Planned:
        """Plan no trials: what is done is settled by the claims."""
        profile = Profile(name=self.profile, scenarios=(), added_ms=(), warmup_s=0.0, measure_s=0.0)
        out = [test.claim.name for test in self.tests if test.adds_latency and services.toxiproxy is None]
        return Planned(
            plan=Plan(profile=profile, targets=(), trials=(), seed=seed),
            targets=tuple(self.targets.values()),
            not_done=(f"Not put to the test: {', '.join(out)}. {services.without_toxiproxy}",) if out else (),
        )

    def execute(self, run: Run) -> None:
        """Write every claim down, then observe one after another, and store what was seen of each."""
        evidence = {test.claim.name: test.begun() for test in self.tests}
        run.store.write_claims([*evidence.values()])
        for number, test in enumerate(self.tests, start=1):
            run.progress.say(f"Claim {number} of {len(self.tests)}: {test.claim.name}")
            if not test.adds_latency or run.services.toxiproxy is not None:
                seed(run.services.postgres.url, run.workload.database)  # each finds the database as the first does
                seen = tuple(test.observe(run))
                name = test.claim.name
                evidence[name] = replace(evidence[name], observations=seen, complete=True)
                run.store.write_claims([*evidence.values()])

    @classmethod
    def assess(cls, store: Store, record: RunRecord) -> Assessment:
        """Compute the numbers of each claim; judge them, and whether the plan was kept."""
        claims = measured_claims(store.claims())
        return Assessment(claims=claims, findings=(*judge_claims(claims), *judge_plan(store, record)))
