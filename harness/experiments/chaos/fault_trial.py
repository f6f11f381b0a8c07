"""The fault programme: one fault a trial, injected into load on every write endpoint, healed, and watched after.

    load on → wait for a write in the middle of its transaction → inject, hold, heal → load off → ledger

A block starts fresh processes; the faults of a block follow each other in a seeded order, each with
evidence of its own, so that a finding names the fault that led to it.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random

import psycopg2

from harness.errors import HarnessError
from harness.experiments.trial import key_prefix
from harness.faults.catalog import FAULTS
from harness.faults.context import FaultContext
from harness.load.client import Client, Sending
from harness.load.generator import Generator, Loaded, generator
from harness.model.evidence import Fault, FaultWindow, Op, Sample
from harness.model.order import Order
from harness.model.plan import Plan, Profile, Scenario, Target, Trial
from harness.model.records import TrialRecord
from harness.provision.database import read_ledger, restore, seed, wait_until_settled, wait_until_writing
from harness.provision.postgres import url_through
from harness.provision.processes import temporary_folder
from harness.provision.target import GAUGES_VARIABLE, RunningTarget, target_process, wait_until_serving
from harness.provision.testbed import Parts
from harness.provision.toxiproxy import Link
from harness.store import Store

HOLD_S = 0.6
# Faults in which PostgreSQL says nothing must outlast the targets' time limits, or these would never be seen.
OUTLASTING = frozenset({"black_hole", "freeze_backend", "freeze_postmaster"})
OUTLASTING_S = 7.0  # a second more than harness.analysis.checks.fault_trial.DEADLINE_S
WATCH_S = 1.1  # somewhat more than a target's wait for a turn
LEFT_OVER_AFTER_S = 10.0
READ_TIMEOUT_S = 5.0
WITHIN_TRANSACTION_TIMEOUT_S = 3.0
FIRST_CLIENT = 0xF000_0000  # clients of faults, whose keys are not those of the load
WORKERS = 2  # so that uvicorn replaces one that dies
POOL = 4  # of each worker, fewer than the clients that it serves, so that a pool can be exhausted


@dataclass(frozen=True, kw_only=True)
class Ring:
    """One target under load with everything that faults need: what a block's trials share."""

    parts: Parts
    running: RunningTarget
    link: Link
    generator: Generator
    store: Store
    plan: Plan
    scenario: Scenario


def make_schedule(
    targets: Sequence[str], faults: Sequence[str], draw: int, blocks: int, seed_of_run: int, name: str
) -> Plan:
    """Lay out so many faults on every target once a block, in a seeded order; the targets take turns by block.

    Args:
        targets: Names of targets.
        faults: Kinds of faults.
        draw: How many of them a block has of each target, drawn anew; all of them if there are no more.
        blocks: How often, each time in another order and under another seed.
        seed_of_run: The same seed lays out the same programme.
        name: The profile's.
    """
    trials: list[Trial] = []
    for block in range(1, blocks + 1):
        for target in targets if block % 2 else tuple(reversed(targets)):
            random = Random(f"{seed_of_run}/{block}/{target}")  # noqa: S311 - a plan to be repeated, no secret
            for slot, fault in enumerate(random.sample(list(faults), min(draw, len(faults)))):
                trials.append(
                    Trial(
                        id=f"{block:02d}-{target}-{slot:02d}-{fault}",
                        number=len(trials),
                        target=target,
                        scenario="chaos",
                        added_ms=0,
                        block=block,
                        slot=slot,
                        position=0,
                        seed=random.getrandbits(32),
                        fault=fault,
                    )
                )
    profile = Profile(
        name=name,
        scenarios=("chaos",),
        added_ms=(0,),
        blocks=blocks,
        warmup_s=0.3,
        measure_s=HOLD_S + WATCH_S,
    )
    return Plan(profile=profile, targets=tuple(targets), trials=tuple(trials), seed=seed_of_run)


@contextmanager
def fresh_ring(parts: Parts, target: Target, scenario: Scenario, plan: Plan, store: Store) -> Iterator[Ring]:
    """Start a target of several workers behind a proxy of its own, over a database at its seed."""
    if parts.toxiproxy is None:
        raise HarnessError(f"There is nothing to cut with: {parts.without_toxiproxy}", "Run 'twinbench doctor'")
    sized = replace(target, workers=WORKERS, pool=POOL, threads=POOL)
    with ExitStack() as stack:
        load = stack.enter_context(generator(store.log("generator")))
        link = stack.enter_context(parts.toxiproxy.link(target.name, parts.postgres.address))
        url = url_through(parts.postgres.url, link.port)
        gauges = stack.enter_context(temporary_folder("twinbench-gauges-", within=Path(tempfile.gettempdir())))
        environment = {**parts.workload.handles.time_limits, GAUGES_VARIABLE: str(gauges)}
        running = stack.enter_context(
            target_process(parts.workload, sized, url, store.log(target.name), environment=environment)
        )
        seed(parts.postgres.url, parts.workload.database)
        load.wait_until_ready()
        wait_until_serving(running)
        yield Ring(
            parts=parts,
            running=running,
            link=link,
            generator=load,
            store=store,
            plan=plan,
            scenario=scenario,
        )


def run_fault(trial: Trial, ring: Ring) -> None:
    """Run one trial of the programme from end to end and store its evidence.

    Raises:
        HarnessError: A part of the harness died, or the record is not whole.
    """
    postgres, workload = ring.parts.postgres, ring.parts.workload
    restore(postgres.url, workload.database)  # or a fast machine has none left to remove after thirty faults
    sent: list[Sending] = []
    fault = FAULTS[trial.fault](_context(trial, ring, sent))
    samples: list[Sample] = []
    with _loaded(trial, ring) as finish:
        window = _inject_and_heal(fault, ring.parts, samples)
        time.sleep(WATCH_S)
        loaded = finish()
    samples += _left_over(ring, window.healed_ns / 1e9 + LEFT_OVER_AFTER_S)
    noted = (
        *(one.op(loaded.recorded + number) for number, one in enumerate(sent)),
        *_read_sum(ring, loaded.recorded + len(sent)),
    )
    samples.append(_sample("load", "recorded", loaded.recorded + len(noted)))
    ring.store.write_trial(
        TrialRecord(
            trial=trial,
            window=loaded.window,
            samples=tuple(samples),
            faults=(window,),
            noted=noted,
            ledger=read_ledger(postgres.url, workload, key_prefix(trial)),
        )
    )


def _read_sum(ring: Ring, number: int) -> Iterator[Op]:
    """Read the sum, if there is one, once more when all is quiet: under some faults no client of the load gets to."""
    workload = ring.parts.workload
    if workload.sum_read is None:
        return
    operation = workload.sum_read.operation
    began_ns = time.monotonic_ns()
    with Client(ring.running.url, READ_TIMEOUT_S) as client:
        answer = client.send(workload.request(operation, number))
    yield Op(
        id=number,
        name=operation,
        key="",
        intended_ns=began_ns,
        started_ns=began_ns,
        ended_ns=time.monotonic_ns(),
        outcome=answer.outcome,
        status=answer.status,
        error=answer.error,
        said=answer.body,
    )


def _left_over(ring: Ring, deadline_s: float) -> Iterator[Sample]:
    """Read what was not given back, once it is nothing or time is up: as PostgreSQL and as the pools see it."""
    left = wait_until_settled(ring.parts.postgres.url, ring.parts.workload.database, deadline_s - time.monotonic())
    yield _sample("sessions", "left_in_transaction", left)
    while (out := ring.running.checked_out()) != 0 and time.monotonic() < deadline_s:
        time.sleep(0.05)
    if out is not None:
        yield _sample("pool", "left_checked_out", out)


def _inject_and_heal(fault: Fault, parts: Parts, samples: list[Sample]) -> FaultWindow:
    """Wait for a write in the middle of its transaction, inject, hold, and heal whatever happened."""
    writing = wait_until_writing(parts.postgres.url, parts.workload.database, WITHIN_TRANSACTION_TIMEOUT_S)
    samples.append(_sample("sessions", "in_transaction", writing))
    injected_ns = time.monotonic_ns()
    proof = ""
    try:
        proof = fault.inject()
        time.sleep(OUTLASTING_S if fault.kind in OUTLASTING else HOLD_S)
    finally:
        fault.heal()
    return FaultWindow(
        kind=fault.kind,
        detail=fault.detail,
        injected_ns=injected_ns,
        healed_ns=time.monotonic_ns(),
        proof=proof,
    )


@contextmanager
def _loaded(trial: Trial, ring: Ring) -> Iterator[Callable[[], Loaded]]:
    """Keep load on until the function that is yielded is called, which ends it and returns what was recorded."""
    order = Order(
        ops=ring.store.ops_path(trial),
        host=ring.running.url,
        workload=ring.parts.workload.name,
        mix=dict(ring.scenario.mix),
        # a flaw has one mistake; that it knows no Idempotency-Key would be another
        shape=replace(ring.scenario.shape, retries=not ring.running.target.flaw),
        warmup_s=ring.plan.profile.warmup_s,
        measure_s=None,
        seed=trial.seed,
        key_prefix=key_prefix(trial),
    )
    measuring = threading.Event()
    outcome: list[Loaded | BaseException] = []

    def drive() -> None:
        try:
            outcome.append(ring.generator.run(order, lambda _edge: measuring.set()))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            outcome.append(error)
        finally:
            measuring.set()

    def finish() -> Loaded:
        ring.generator.stop()
        thread.join()
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return outcome[0]

    thread = threading.Thread(target=drive, name="load", daemon=True)
    thread.start()
    measuring.wait()
    try:
        yield finish
    finally:
        if thread.is_alive():
            with suppress(HarnessError):
                ring.generator.stop()
            thread.join()


def _context(trial: Trial, ring: Ring, sent: list[Sending]) -> FaultContext:
    def begin(operation: str, key: str = "", *, named: bool = False, seed: int | None = None) -> Sending:
        number = len(sent)
        own = key or f"{key_prefix(trial)}{FIRST_CLIENT:08x}{number:016x}"
        about = int(own[-8:], 16) if seed is None else seed
        sending = Sending(ring.running.url, ring.parts.workload, operation, own, seed=about, named=named)
        sent.append(sending)
        return sending

    postgres, toxiproxy = ring.parts.postgres, ring.parts.toxiproxy
    host, port = postgres.address
    return FaultContext(
        workload=ring.parts.workload,
        proxy=ring.link,
        postgres_address=f"{host}:{port}",
        direct=partial(_open, postgres.url),
        through=partial(_open, url_through(postgres.url, ring.link.port)),
        workers=ring.running.workers,
        toxiproxy=toxiproxy.child.process if toxiproxy and toxiproxy.child else None,
        postmaster=postgres.child.process if postgres.child else None,
        restart_postgres=postgres.restart,
        begin=begin,
    )


def _open(url: str) -> psycopg2.extensions.connection:
    connection = psycopg2.connect(url, connect_timeout=2, application_name="twinbench-fault")
    connection.autocommit = True
    return connection


def _sample(probe: str, metric: str, value: float) -> Sample:
    return Sample(t_ns=time.monotonic_ns(), probe=probe, metric=metric, value=value)
