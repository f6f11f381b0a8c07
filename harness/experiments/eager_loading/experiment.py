"""A run that compares loading strategies, from end to end. ``run.conclude`` judges and draws it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from harness.experiments.eager_loading.pages import STRATEGIES, pages, read_pages
from harness.model.evidence import PageReading
from harness.model.plan import Plan, Profile, Target
from harness.model.summary import Setting
from harness.model.workload import Workload
from harness.provision.testbed import provisioned
from harness.run import Progress, record_of, run_name
from harness.store import Store

ADDED_LATENCIES_MS, LOADING_BLOCKS = (0, 5), 5


@dataclass(frozen=True, kw_only=True)
class LoadingRequest:
    """What somebody asked for."""

    targets: Mapping[str, Target]
    added_ms: tuple[int, ...]
    blocks: int
    settings: tuple[Setting, ...]
    workload: Workload
    seed: int
    out: Path
    command: str
    postgres_url: str | None
    toxiproxy_url: str | None


def run_loading(request: LoadingRequest, progress: Progress, opened: Callable[[Store], None]) -> None:
    """Ask every target for every page by every strategy at every distance, in a seeded order, and store what it cost.

    Args:
        request: What to run.
        progress: Told how it comes along.
        opened: Called with the store as soon as there is one.

    Raises:
        HarnessError: The run could not be made, or a page was not what was asked for.
    """
    begun_s = time.monotonic()
    store = Store.create(request.out, run_name())
    with (
        store.kept_if_begun(),
        provisioned(
            workload=request.workload,
            postgres_url=request.postgres_url,
            toxiproxy_url=request.toxiproxy_url,
            log=store.log,
            say=progress.say,
        ) as parts,
    ):
        levels = request.added_ms if parts.toxiproxy else (0,)
        left_out = [f"{level} ms" for level in request.added_ms if level not in levels]
        not_done = [f"Not asked at {', '.join(left_out)}: {parts.without_toxiproxy}"] if left_out else []
        plan = _plan(request, levels)
        store.write_record(
            record_of(store.folder.name, request, plan, parts, not_done, scenarios=(), kind="eager_loading")
        )
        opened(store)
        progress.began("pages", request.blocks * len(levels) * len(request.targets) * len(STRATEGIES) * len(pages()))
        readings: list[PageReading] = []
        for block in range(1, request.blocks + 1):
            order = Random(f"{request.seed}/{block}")  # noqa: S311 - an order to be repeated, no secret
            targets = list(request.targets.values())
            readings += read_pages(block, order, parts, targets, levels, store, progress.step)
            store.write_pages(readings)
    store.finish(time.monotonic() - begun_s)


def _plan(request: LoadingRequest, levels: tuple[int, ...]) -> Plan:
    profile = Profile(name="loading", scenarios=(), added_ms=levels, blocks=request.blocks, warmup_s=0.0, measure_s=0.0)
    return Plan(profile=profile, targets=tuple(request.targets), trials=(), seed=request.seed)
