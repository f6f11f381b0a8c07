"""One trial, phase by phase: inject, warm up and load, heal, read the ledger, store.

A trial runs on a testbed (``provision.testbed``): the block's fresh targets with a link each to PostgreSQL.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from harness.faults.latency import Latency
from harness.load.generator import Generator, generator
from harness.model.evidence import FaultWindow, Sample
from harness.model.order import Order
from harness.model.plan import Plan, Scenario, Shape, Target, Trial
from harness.model.records import TrialRecord
from harness.provision.database import read_ledger
from harness.provision.meter import Meter, Route, Sampler, cpu_seconds
from harness.provision.processes import Child
from harness.provision.sessions import SessionMeter
from harness.provision.testbed import Parts, Testbed, fresh_testbed
from harness.store import Store

WARM_UP_S = 1.2
WARM_UP_CLIENTS = 16
FIRST_WARM_UP_KEY = 0xFFFE0000  # beyond any trial's


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A testbed with a load generator in front of it: all that a block's trials need."""

    testbed: Testbed
    generator: Generator
    store: Store
    plan: Plan
    scenarios: Mapping[str, Scenario]


@contextmanager
def fresh_bench(
    parts: Parts, targets: Mapping[str, Target], scenarios: Mapping[str, Scenario], plan: Plan, store: Store
) -> Iterator[Bench]:
    """Start a block's processes, all at once, and wait until each is ready."""
    names = (*plan.targets, *plan.references)
    chosen = [targets[name] for name in names]
    with generator(store.log("generator")) as load, fresh_testbed(parts, chosen, store.log) as testbed:
        load.wait_until_ready()
        bench = Bench(testbed=testbed, generator=load, store=store, plan=plan, scenarios=scenarios)
        for number, name in enumerate(names):
            _warm_up(bench, name, number)
        yield bench


def _warm_up(bench: Bench, target: str, number: int) -> None:
    """Send a fresh target every kind of request for a while, off the record.

    A process compiles its statements and fills its caches once; without this the first trial after a
    start was seen to come out slower than the next.
    """
    asked = {trial.scenario for trial in bench.plan.trials if trial.target == target}
    order = Order(
        ops=bench.store.folder / "warm-up.arrows",
        host=bench.testbed.targets[target].url,
        workload=bench.testbed.parts.workload.name,
        mix={name: 1 for scenario in asked for name in bench.scenarios[scenario].mix},
        shape=Shape(clients=WARM_UP_CLIENTS),
        warmup_s=0.0,
        measure_s=WARM_UP_S,
        seed=0,
        key_prefix=f"{FIRST_WARM_UP_KEY + number:08x}",
    )
    bench.generator.run(order, lambda _edge: None)


def run_trial(trial: Trial, bench: Bench) -> TrialRecord:
    """Run one trial from end to end, store its evidence, and return what is known beside the ops.

    Raises:
        HarnessError: A part died, or the record is not whole. What was recorded so far is on disk.
    """
    testbed, scenario = bench.testbed, bench.scenarios[trial.scenario]
    target = testbed.targets[trial.target]
    children = _children(testbed, trial, bench.generator)
    readings: list[Sample] = []

    def read_cpu(edge: str) -> None:
        now_ns = time.monotonic_ns()
        readings.extend(
            Sample(t_ns=now_ns, probe="cpu", metric="core_s", value=used, labels={"part": part, "edge": edge})
            for part, used in cpu_seconds(children).items()
        )

    order = Order(
        ops=bench.store.ops_path(trial),
        host=target.url,
        workload=testbed.parts.workload.name,
        mix=dict(scenario.mix),
        shape=scenario.shape,
        warmup_s=bench.plan.profile.warmup_s,
        measure_s=bench.plan.profile.measure_s,
        seed=trial.seed,
        key_prefix=key_prefix(trial),
    )
    served_before = target.served()
    with ExitStack() as stack:
        faults = stack.enter_context(_injected(trial, testbed))
        meters: list[Sampler] = [stack.enter_context(Meter(_ways(testbed, trial)))]
        if "pool" in target.target.probes:
            added_s = trial.added_ms / 1000
            meters.append(stack.enter_context(SessionMeter(testbed.parts.postgres.url, added_s)))
        loaded = bench.generator.run(order, read_cpu)
    served = target.served() - served_before
    ledger = read_ledger(testbed.parts.postgres.url, testbed.parts.workload, key_prefix(trial))
    readings += [
        _count(loaded.window.end_ns, "load", "recorded", loaded.recorded),
        _count(loaded.window.end_ns, "served", "requests", served),
    ]
    record = TrialRecord(
        trial=trial,
        window=loaded.window,
        samples=(*(sample for meter in meters for sample in meter.samples()), *readings, *target.probed(loaded.window)),
        faults=tuple(faults),
        ledger=ledger,
    )
    bench.store.write_trial(record)
    return record


def key_prefix(trial: Trial) -> str:
    """The 8 hex digits that every key of this attempt at a trial begins with. Never zeros: those are the seed's."""
    return f"{trial.attempt:x}{trial.number:07x}"


@contextmanager
def _injected(trial: Trial, testbed: Testbed) -> Iterator[list[FaultWindow]]:
    """Hold the trial's latency in force; the list is filled when it has been healed."""
    windows: list[FaultWindow] = []
    if trial.added_ms == 0:
        yield windows
        return
    fault = Latency(
        proxy=testbed.links[trial.target],
        added_ms=trial.added_ms,
        round_trip_s=testbed.routes[trial.target].round_trip_s,
    )
    injected_ns = time.monotonic_ns()
    try:
        proof = fault.inject()
        yield windows
    finally:
        fault.heal()
    windows.append(
        FaultWindow(
            kind=fault.kind,
            detail=fault.detail,
            injected_ns=injected_ns,
            healed_ns=time.monotonic_ns(),
            proof=proof,
        )
    )


def _ways(testbed: Testbed, trial: Trial) -> dict[str, Route]:
    """The routes to time: the target's own, and beside it what it is to be held against."""
    return {name: route for name, route in testbed.routes.items() if name in {"direct", "clean", trial.target}}


def _children(testbed: Testbed, trial: Trial, load: Generator) -> dict[str, Child]:
    """Every process that this run started and that takes part in the trial."""
    parts = {
        "target": testbed.targets[trial.target].child,
        "generator": load.child,
        "postgres": testbed.parts.postgres.child,
        "toxiproxy": testbed.parts.toxiproxy.child if testbed.parts.toxiproxy else None,
    }
    return {name: child for name, child in parts.items() if child is not None}


def _count(t_ns: int, probe: str, metric: str, value: int) -> Sample:
    return Sample(t_ns=t_ns, probe=probe, metric=metric, value=value)
