"""A chaos run, from end to end: cut map → fault programme → store. ``run.conclude`` judges and draws it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product
from pathlib import Path

from harness.errors import PartMissing
from harness.experiments.chaos.cuts import map_cuts
from harness.experiments.chaos.fault_trial import fresh_ring, make_schedule, run_fault
from harness.experiments.trial import fresh_bench, run_trial
from harness.model.cut_map import CutMap
from harness.model.plan import Control, Plan, Scenario, Target, Trial
from harness.model.summary import Setting
from harness.model.workload import Workload
from harness.provision.testbed import Parts, provisioned
from harness.run import Progress, record_of, run_name
from harness.store import CONTROL_CUTS, Store

CONTROL_STRIDE = 100  # bytes
# Of the load under which a probe's check must catch a flaw: the pool is asked for what it is short of over two seconds.
CONTROL_WARMUP_S, CONTROL_MEASURE_S = 0.7, 2.0


@dataclass(frozen=True, kw_only=True)
class ChaosRequest:
    """What somebody asked for: the writes to cut, the faults to inject, and how many seeded programmes of them.

    Each programme draws ``draw`` of the faults, or has all of them. ``controls`` are tried besides, each by what it
    names, some under one of ``loads``.
    """

    targets: Mapping[str, Target]
    scenario: Scenario
    loads: Mapping[str, Scenario]
    profile: str
    cuts: tuple[str, ...]
    faults: tuple[str, ...]
    draw: int
    blocks: int
    controls: tuple[Control, ...]
    settings: tuple[Setting, ...]
    workload: Workload
    seed: int
    out: Path
    command: str
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
            workload=request.workload,
            postgres_url=request.postgres_url,
            toxiproxy_url=request.toxiproxy_url,
            log=store.log,
            say=progress.say,
        ) as parts,
    ):
        if parts.toxiproxy is None:
            raise PartMissing(f"Chaos needs Toxiproxy: {parts.without_toxiproxy}", "Run 'twinbench doctor'")
        plan = _plan(request)
        scenarios = {request.scenario.name: request.scenario, **request.loads}
        record = record_of(store.folder.name, request, plan, parts, (), scenarios=scenarios.values(), kind="chaos")
        targets = {**request.targets, **{control.target.name: control.target for control in request.controls}}
        store.write_record(replace(record, targets=tuple(targets.values()), controls=request.controls))
        opened(store)
        if request.cuts:
            progress.say("Listening to what the writes say to PostgreSQL")
            store.write_cuts(_map(list(request.targets.values()), request.cuts, parts, store, progress))
        if request.controls:
            store.write_cuts(_control_cuts(request, parts, store, progress), CONTROL_CUTS)
        if plan.trials:
            progress.began("faults and loads", len(plan.trials))
        faults = [trial for trial in plan.trials if trial.fault]
        for (_, name), trials in groupby(faults, key=lambda trial: (trial.block, trial.target)):
            with fresh_ring(parts, targets[name], request.scenario, plan, store) as ring:
                for trial in trials:
                    run_fault(trial, ring)
                    progress.step()
        loads = [trial for trial in plan.trials if not trial.fault]
        for name, trials in groupby(loads, key=lambda trial: trial.target):
            with fresh_bench(parts, targets, scenarios, _loads_of(name, plan), store) as bench:
                for trial in trials:
                    run_trial(trial, bench)
                    progress.step()
    store.finish(time.monotonic() - begun_s)


def _plan(request: ChaosRequest) -> Plan:
    """Lay out the programmes, and after them the faults of each control, and its load."""
    plan = make_schedule(
        tuple(request.targets), request.faults, request.draw, request.blocks, request.seed, request.profile
    )
    trials = list(plan.trials)
    for control in request.controls:
        if control.faults:
            own = make_schedule((control.target.name,), control.faults, len(control.faults), 1, request.seed, "")
            trials += [
                replace(trial, number=len(trials) + number, block=request.blocks + 1, id=f"control-{trial.id}")
                for number, trial in enumerate(own.trials)
            ]
    for control in request.controls:
        for load, added_ms in product(control.load, control.added_ms):
            number = len(trials)
            trials.append(
                Trial(
                    id=f"control-{control.target.name}-{load}-{added_ms}ms",
                    number=number,
                    target=control.target.name,
                    scenario=load,
                    added_ms=added_ms,
                    block=request.blocks + 1,
                    slot=number,
                    position=0,
                    seed=request.seed,
                )
            )
    return replace(plan, trials=tuple(trials))


def _loads_of(name: str, plan: Plan) -> Plan:
    """What one control is to be loaded with, for as long as its probe needs."""
    profile = replace(plan.profile, warmup_s=CONTROL_WARMUP_S, measure_s=CONTROL_MEASURE_S)
    trials = tuple(trial for trial in plan.trials if trial.target == name and not trial.fault)
    return replace(plan, profile=profile, targets=(name,), trials=trials)


def _map(
    targets: Sequence[Target],
    operations: Sequence[str],
    parts: Parts,
    store: Store,
    progress: Progress,
    stride: int = 1,
) -> CutMap:
    names = " and ".join(target.name for target in targets)
    return map_cuts(
        parts,
        targets,
        operations,
        store,
        done=progress.step,
        planned=lambda total: progress.began(f"cuts of {names}", total),
        stride=stride,
    )


def _control_cuts(request: ChaosRequest, parts: Parts, store: Store, progress: Progress) -> CutMap:
    """Cut the writes of each control, not at every byte: a flaw shows in a sample, and more proves nothing more."""
    maps = [
        _map([control.target], control.cuts, parts, store, progress, CONTROL_STRIDE)
        for control in request.controls
        if control.cuts
    ]
    return CutMap(
        conversations=tuple(one for each in maps for one in each.conversations),
        cuts=tuple(cut for each in maps for cut in each.cuts),
        duration_s=sum(each.duration_s for each in maps),
    )
