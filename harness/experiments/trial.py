"""One trial under plain load: add latency, warm up and load, heal, read the ledger, store."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from harness.errors import PartDied
from harness.experiments.base import Run
from harness.experiments.block import Block, added_latency, fresh_block, key_prefix, order_of
from harness.model.evidence import FaultWindow, Sample
from harness.model.plan import Order, Shape, Target, Trial
from harness.model.run_records import TrialRecord
from harness.provision.addresses import url_through
from harness.provision.database import read_ledger
from harness.provision.meter import Meter, Sampler, SessionMeter, cpu_seconds, routes
from harness.provision.pause import ProcessorClocks
from harness.provision.processes import Child
from harness.provision.target import RunningTarget, Served

# The least that is measured of a target with probes: the pool is looked at thirteen times a second, what it is short of
# is a share of looks, and of fewer than ten nothing is said.
PROBED_MEASURE_S = 2.0
WARM_UP_S = 1.2
WARM_UP_CLIENTS = 16
FIRST_WARM_UP_KEY = 0xFFFE0000  # beyond any trial's


@contextmanager
def timed_block(run: Run, targets: Sequence[Target]) -> Iterator[Block]:
    """Start a block for plain load, and warm its targets up, unless they are to take turns, which begins with that."""
    postgres, toxiproxy = run.services.postgres, run.services.toxiproxy
    with fresh_block(run, targets) as block, ExitStack() as stack:
        ways = {"direct": postgres.url}
        if toxiproxy:
            clean = stack.enter_context(toxiproxy.link("clean", postgres.address))
            ways["clean"] = url_through(postgres.url, clean.port)
            ways |= {name: testbed.url for name, testbed in block.testbeds.items() if testbed.link}
        open_routes = stack.enter_context(routes(ways))
        for number, name in enumerate(() if run.plan.sliced else block.testbeds):
            _warm_up(block, name, number)
        yield replace(block, routes=open_routes)


def _warm_up(block: Block, target: str, number: int) -> None:
    """Send a fresh target every kind of request for a while, off the record.

    A process compiles its statements and fills its caches once; without this the first trial after a
    start was seen to come out slower than the next.
    """
    run = block.run
    planned = {trial.scenario for trial in run.plan.trials if trial.target == target}
    if not planned:  # of a comparison, which lays out one block after the other
        bare = target in run.plan.references
        planned = {one.name for one in run.planned.scenarios if not (bare and one.reaches_database)}
    order = Order(
        ops=run.store.folder / "warm-up.arrows",
        host=block.testbeds[target].running.url,
        workload=run.workload.name,
        mix={name: 1 for scenario in planned for name in run.scenario(scenario).mix},
        shape=Shape(clients=WARM_UP_CLIENTS),
        warmup_s=0.0,
        measure_s=WARM_UP_S,
        seed=0,
        key_prefix=f"{FIRST_WARM_UP_KEY + number:08x}",
    )
    block.generator.run(order, lambda _edge: None)


class Account:
    """What a target did in a trial, by its own account: requests, and garbage collections beside its processor time."""

    def __init__(self, target: RunningTarget) -> None:
        self._target = target
        self._served, self._processor_s = self._told(), self._used_s()

    def samples(self, recorded: int) -> list[Sample]:
        """Return it, now that the trial is over, beside the number of requests on record."""
        now_ns, before = time.monotonic_ns(), self._served
        after, used_s = self._told(), self._used_s() - self._processor_s
        if before is None or after is None:
            return [Sample(t_ns=now_ns, probe="load", metric="recorded", value=recorded)]
        read: list[tuple[str, str, float, dict[str, float]]] = [
            ("load", "recorded", recorded, {}),
            ("served", "requests", after.requests - before.requests, {}),
            ("served", "processor_s", used_s, {}),
        ]
        for generation, took_s in enumerate(after.collections_s):
            count = after.collections[generation] - before.collections[generation]
            told = {"generation": float(generation), "collections": float(count)}
            read.append(("served", "collections_s", took_s - before.collections_s[generation], told))
        return [
            Sample(t_ns=now_ns, probe=probe, metric=metric, value=value, fields=fields)
            for probe, metric, value, fields in read
        ]

    def _told(self) -> Served | None:
        """Return what the target tells; None while its event loop stands still, which is for its probes to explain.

        Raises:
            PartDied: It has ended.
        """
        try:
            return self._target.served()
        except PartDied:
            if not self._target.child.running():
                raise
            return None

    def _used_s(self) -> float:
        return ProcessorClocks({"target": self._target.child}).read()["target"]


def run_trial(trial: Trial, block: Block) -> TrialRecord:
    """Run one trial from end to end, store its evidence, and return what is known beside the ops.

    Raises:
        HarnessError: A part died, or the record is not whole. What was recorded so far is on disk.
    """
    run, testbed = block.run, block.testbeds[trial.target]
    target, url = testbed.running, run.services.postgres.url
    children = children_of(block, trial)
    readings: list[Sample] = []

    def read_cpu(edge: str) -> None:
        now_ns = time.monotonic_ns()
        readings.extend(
            Sample(t_ns=now_ns, probe="cpu", metric="core_s", value=used, labels={"part": part, "edge": edge})
            for part, used in cpu_seconds(children).items()
        )

    healed: list[FaultWindow] = []
    # its own way, and beside it what that is to be held against
    compared = {name: route for name, route in block.routes.items() if name in {"direct", "clean", trial.target}}
    account = Account(target)
    with ExitStack() as stack:
        route = block.routes[trial.target if testbed.link else "direct"]
        stack.enter_context(added_latency(testbed, trial.added_ms, route.round_trip_s, healed))
        meters: list[Sampler] = [stack.enter_context(Meter(compared))]
        if {"pool", "requests"} & set(target.target.probes):
            meters.append(stack.enter_context(SessionMeter(url, trial.added_ms / 1000)))
        loaded = block.generator.run(order_of(trial, block), read_cpu)
    ledger = read_ledger(url, run.workload, key_prefix(trial))
    readings += account.samples(loaded.recorded)
    record = TrialRecord(
        trial=trial,
        window=loaded.window,
        samples=(*(sample for meter in meters for sample in meter.samples()), *readings, *target.probed(loaded.window)),
        faults=tuple(healed),
        ledger=ledger,
    )
    run.store.write_trial(record)
    return record


def children_of(block: Block, trial: Trial) -> dict[str, Child]:
    """Every process that this run started and that takes part in the trial."""
    services = block.run.services
    parts = {
        "target": block.testbeds[trial.target].running.child,
        "generator": block.generator.child,
        "postgres": services.postgres.child,
        "toxiproxy": services.toxiproxy.child if services.toxiproxy else None,
    }
    return {name: child for name, child in parts.items() if child is not None}
