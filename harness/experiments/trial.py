"""One trial under plain load: add latency, warm up and load, heal, read the ledger, store."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from harness.experiments.base import Run
from harness.experiments.block import Block, fresh_block, key_prefix
from harness.experiments.injection import added_latency
from harness.model.evidence import Sample
from harness.model.plan import Order, Shape, Target, Trial
from harness.model.run_records import TrialRecord
from harness.provision.addresses import url_through
from harness.provision.database import read_ledger
from harness.provision.meter import Meter, Route, Sampler, SessionMeter, cpu_seconds, routes
from harness.provision.processes import Child

WARM_UP_S = 1.2
WARM_UP_CLIENTS = 16
FIRST_WARM_UP_KEY = 0xFFFE0000  # beyond any trial's


@dataclass(frozen=True, kw_only=True)
class TimedBlock:
    """A block whose distances are timed while load runs.

    ``routes`` holds an open connection by every way: one "direct", one "clean" (through a proxy that has no toxic),
    and one by each target's own.
    """

    block: Block
    routes: Mapping[str, Route]


@contextmanager
def timed_block(run: Run, targets: Sequence[Target]) -> Iterator[TimedBlock]:
    """Start a block for plain load, and warm its targets up."""
    postgres, toxiproxy = run.services.postgres, run.services.toxiproxy
    with fresh_block(run, targets) as block, ExitStack() as stack:
        ways = {"direct": postgres.url}
        if toxiproxy:
            clean = stack.enter_context(toxiproxy.link("clean", postgres.address))
            ways["clean"] = url_through(postgres.url, clean.port)
            ways |= {name: testbed.url for name, testbed in block.testbeds.items()}
        timed = TimedBlock(block=block, routes=stack.enter_context(routes(ways)))
        for number, name in enumerate(block.testbeds):
            _warm_up(block, name, number)
        yield timed


def _warm_up(block: Block, target: str, number: int) -> None:
    """Send a fresh target every kind of request for a while, off the record.

    A process compiles its statements and fills its caches once; without this the first trial after a
    start was seen to come out slower than the next.
    """
    run = block.run
    asked = {trial.scenario for trial in run.plan.trials if trial.target == target}
    order = Order(
        ops=run.store.folder / "warm-up.arrows",
        host=block.testbeds[target].running.url,
        workload=run.workload.name,
        mix={name: 1 for scenario in asked for name in run.scenario(scenario).mix},
        shape=Shape(clients=WARM_UP_CLIENTS),
        warmup_s=0.0,
        measure_s=WARM_UP_S,
        seed=0,
        key_prefix=f"{FIRST_WARM_UP_KEY + number:08x}",
    )
    block.generator.run(order, lambda _edge: None)


def run_trial(trial: Trial, timed: TimedBlock) -> TrialRecord:
    """Run one trial from end to end, store its evidence, and return what is known beside the ops.

    Raises:
        HarnessError: A part died, or the record is not whole. What was recorded so far is on disk.
    """
    block = timed.block
    run, testbed = block.run, block.testbeds[trial.target]
    target, url = testbed.running, run.services.postgres.url
    children = _children(block, trial)
    readings: list[Sample] = []

    def read_cpu(edge: str) -> None:
        now_ns = time.monotonic_ns()
        readings.extend(
            Sample(t_ns=now_ns, probe="cpu", metric="core_s", value=used, labels={"part": part, "edge": edge})
            for part, used in cpu_seconds(children).items()
        )

    served_before = target.served()
    with ExitStack() as stack:
        route = timed.routes[trial.target if testbed.link else "direct"]
        latency = stack.enter_context(added_latency(testbed, trial.added_ms, route.round_trip_s))
        meters: list[Sampler] = [stack.enter_context(Meter(_compared_routes(timed, trial)))]
        if "pool" in target.target.probes:
            meters.append(stack.enter_context(SessionMeter(url, trial.added_ms / 1000)))
        loaded = block.generator.run(_order(trial, block), read_cpu)
    served = target.served() - served_before
    ledger = read_ledger(url, run.workload, key_prefix(trial))
    readings += [
        _count(loaded.window.end_ns, "load", "recorded", loaded.recorded),
        _count(loaded.window.end_ns, "served", "requests", served),
    ]
    record = TrialRecord(
        trial=trial,
        window=loaded.window,
        samples=(*(sample for meter in meters for sample in meter.samples()), *readings, *target.probed(loaded.window)),
        faults=tuple(injection.window for injection in latency),
        ledger=ledger,
    )
    run.store.write_trial(record)
    return record


def _order(trial: Trial, block: Block) -> Order:
    scenario, profile = block.run.scenario(trial.scenario), block.run.plan.profile
    return Order(
        ops=block.run.store.ops_path(trial),
        host=block.testbeds[trial.target].running.url,
        workload=block.run.workload.name,
        mix=dict(scenario.mix),
        shape=scenario.shape,
        warmup_s=profile.warmup_s,
        measure_s=profile.measure_s,
        seed=trial.seed,
        key_prefix=key_prefix(trial),
    )


def _compared_routes(timed: TimedBlock, trial: Trial) -> dict[str, Route]:
    """The routes to time: the target's own, and beside it what it is to be held against."""
    return {name: route for name, route in timed.routes.items() if name in {"direct", "clean", trial.target}}


def _children(block: Block, trial: Trial) -> dict[str, Child]:
    """Every process that this run started and that takes part in the trial."""
    services = block.run.services
    parts = {
        "target": block.testbeds[trial.target].running.child,
        "generator": block.generator.child,
        "postgres": services.postgres.child,
        "toxiproxy": services.toxiproxy.child if services.toxiproxy else None,
    }
    return {name: child for name, child in parts.items() if child is not None}


def _count(t_ns: int, probe: str, metric: str, value: int) -> Sample:
    return Sample(t_ns=t_ns, probe=probe, metric=metric, value=value)
