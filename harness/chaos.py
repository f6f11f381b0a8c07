"""A chaos run, from end to end: cut map → fault programme → store. ``run.conclude`` judges and draws it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from harness.cuts import map_cuts
from harness.errors import PartMissing
from harness.findings import Setting
from harness.model import Scenario, Target
from harness.programme import fresh_ring, make_programme, run_fault
from harness.provision.stage import provisioned
from harness.run import Progress, record_of, run_name
from harness.store import Store


@dataclass(frozen=True, kw_only=True)
class ChaosRequest:
    """What somebody asked for: the writes to cut, the faults to inject, and how many seeded programmes of them.

    ``rows`` are the users of the seed and the posts of each.
    """

    targets: Mapping[str, Target]
    scenario: Scenario
    profile: str
    cuts: tuple[str, ...]
    faults: tuple[str, ...]
    blocks: int
    settings: tuple[Setting, ...]
    rows: tuple[int, int]
    seed: int
    out: Path
    postgres_url: str | None
    toxiproxy_url: str | None


def run_chaos(request: ChaosRequest, progress: Progress, opened: Callable[[Store], None]) -> None:
    """Cut, inject, and store the evidence.

    Args:
        request: What to run.
        progress: Told how it comes along.
        opened: Called with the store as soon as there is one.

    Raises:
        HarnessError: The run could not be made, or not to its end.
    """
    begun_s = time.monotonic()
    store = Store.create(request.out, run_name())
    with (
        store.kept_if_begun(),
        provisioned(
            postgres_url=request.postgres_url,
            toxiproxy_url=request.toxiproxy_url,
            log=store.log,
            say=progress.say,
        ) as parts,
    ):
        if parts.toxiproxy is None:
            raise PartMissing(f"Chaos needs Toxiproxy: {parts.without_toxiproxy}", "Run 'twinbench doctor'")
        targets = list(request.targets.values())
        plan = make_programme(tuple(request.targets), request.faults, request.blocks, request.seed, request.profile)
        store.write_record(
            record_of(store.folder.name, request, plan, parts, (), scenarios=(request.scenario,), kind="chaos")
        )
        opened(store)
        if request.cuts:
            progress.say("Listening to what the writes say to PostgreSQL")
            cut_map = map_cuts(
                parts,
                targets,
                request.cuts,
                request.rows,
                store,
                done=progress.step,
                planned=lambda total: progress.began("cuts", total),
            )
            store.write_cuts(cut_map)
        if plan.trials:
            progress.began("faults", len(plan.trials))
        for (_, name), trials in groupby(plan.trials, key=lambda trial: (trial.block, trial.target)):
            with fresh_ring(parts, request.targets[name], request.scenario, plan, request.rows, store) as ring:
                for trial in trials:
                    run_fault(trial, ring)
                    progress.step()
    store.finish(time.monotonic() - begun_s)
