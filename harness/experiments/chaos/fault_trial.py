"""One fault, injected into load on every write endpoint, healed, and watched after.

    load on → wait for a write in the middle of its transaction → inject, hold, heal → load off → ledger

A block starts fresh processes of one target; its faults follow each other, each with evidence of its own, so that a
finding names the fault that led to it.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg2

from harness.errors import HarnessError
from harness.experiments.base import Run
from harness.experiments.block import Block, fresh_block, injected, key_prefix, order_of
from harness.experiments.chaos.schedule import HOLD_S, WATCH_S
from harness.faults.catalog import FAULTS
from harness.faults.context import FaultContext
from harness.load.generator_process import Loaded
from harness.load.single_client import Client, Sending
from harness.model.evidence import FaultWindow, Sample
from harness.model.plan import Target, Trial
from harness.model.request_record import Op
from harness.model.run_records import TrialRecord
from harness.provision.database import read_ledger, restore, wait_until_settled, wait_until_writing
from harness.provision.processes import temporary_folder, undone_if_killed
from harness.provision.target import GAUGES_VARIABLE
from harness.provision.testbed import Testbed

# Faults in which PostgreSQL says nothing must outlast the targets' time limits, or these would never be seen.
OUTLASTING = frozenset({"black_hole", "freeze_backend", "freeze_postmaster"})
OUTLASTING_S = 7.0  # a second more than harness.analysis.checks.fault_trial.DEADLINE_S
LEFT_OVER_AFTER_S = 10.0
READ_TIMEOUT_S = 5.0
WITHIN_TRANSACTION_TIMEOUT_S = 3.0
FIRST_CLIENT = 0xF000_0000  # clients of faults, whose keys are not those of the load
WORKERS = 2  # so that uvicorn replaces one that dies
POOL = 4  # of each worker, fewer than the clients that it serves, so that a pool can be exhausted


@contextmanager
def fault_block(run: Run, target: Target) -> Iterator[Block]:
    """Start a target of several workers, with short time limits, which reports its pools' checkouts."""
    sized = replace(target, workers=WORKERS, pool=POOL, threads=POOL)
    with (
        temporary_folder("twinbench-gauges-", within=Path(tempfile.gettempdir())) as gauges,
        fresh_block(run, [sized], {**run.workload.handles.time_limits, GAUGES_VARIABLE: str(gauges)}) as block,
    ):
        block.testbeds[target.name].running.require_operations(run.workload)
        yield block


def run_fault(trial: Trial, block: Block) -> None:
    """Run one trial of the schedule from end to end and store its evidence.

    Raises:
        HarnessError: A part of the harness died, or the record is not whole.
    """
    run, testbed = block.run, block.testbeds[trial.target]
    url, workload = run.services.postgres.url, run.workload
    restore(url, workload.database)  # or a fast machine has none left to remove after thirty faults
    sent: list[Sending] = []
    healed: list[FaultWindow] = []
    fault = FAULTS[trial.fault](_fault_context(testbed, key_prefix(trial), sent))
    with _loaded(trial, block) as finish:
        in_transaction = _sample(
            "sessions", "in_transaction", wait_until_writing(url, workload.database, WITHIN_TRANSACTION_TIMEOUT_S)
        )
        with injected(fault, healed):
            time.sleep(OUTLASTING_S if fault.kind in OUTLASTING else HOLD_S)
        time.sleep(WATCH_S)
        load = finish()
    left_over = list(_left_over(testbed, healed[0].healed_ns / 1e9 + LEFT_OVER_AFTER_S))
    noted = (
        *(one.op(load.recorded + number) for number, one in enumerate(sent)),
        *_read_sum(testbed, load.recorded + len(sent)),
    )
    recorded = _sample("load", "recorded", load.recorded + len(noted))
    run.store.write_trial(
        TrialRecord(
            trial=trial,
            window=load.window,
            samples=(in_transaction, *left_over, recorded),
            faults=tuple(healed),
            noted=noted,
            ledger=read_ledger(url, workload, key_prefix(trial)),
        )
    )


@contextmanager
def _loaded(trial: Trial, block: Block) -> Iterator[Callable[[], Loaded]]:
    """Keep load on until the function that is yielded is called, which ends it and returns what was recorded."""
    order = order_of(trial, block)
    # a flaw has one mistake; that it knows no Idempotency-Key would be another
    retries = not block.testbeds[trial.target].running.target.flaw
    order = replace(order, shape=replace(order.shape, retries=retries), measure_s=None)
    measuring = threading.Event()
    with ThreadPoolExecutor(1, "load") as thread:
        load = thread.submit(block.generator.run, order, lambda _edge: measuring.set())
        load.add_done_callback(lambda _over: measuring.set())

        def finish() -> Loaded:
            block.generator.stop()
            return load.result()

        try:
            measuring.wait()
            yield finish
        finally:
            if not load.done():
                with suppress(HarnessError):
                    block.generator.stop()


def _fault_context(testbed: Testbed, prefix: str, sent: list[Sending]) -> FaultContext:
    """Make the context of a fault; each write that it sends under ``prefix`` is added to ``sent``."""
    running, services = testbed.running, testbed.services

    def begin(operation: str, key: str = "", *, named: bool = False, seed: int | None = None) -> Sending:
        number = len(sent)
        own = key or f"{prefix}{FIRST_CLIENT:08x}{number:016x}"
        about = int(own[-8:], 16) if seed is None else seed
        sending = Sending(running.url, services.workload, operation, own, seed=about, named=named)
        sent.append(sending)
        return sending

    postgres, toxiproxy = services.postgres, services.toxiproxy
    host, port = postgres.address
    return FaultContext(
        workload=services.workload,
        proxy=testbed.proxy,
        postgres_address=f"{host}:{port}",
        direct=partial(_open, postgres.url),
        through=partial(_open, testbed.url),
        workers=running.workers,
        toxiproxy=toxiproxy.child.process if toxiproxy and toxiproxy.child else None,
        postmaster=postgres.child.process if postgres.child else None,
        restart_postgres=postgres.restart,
        undone_if_killed=partial(undone_if_killed, postgres=postgres.url),
        begin=begin,
    )


def _open(url: str) -> psycopg2.extensions.connection:
    connection = psycopg2.connect(url, connect_timeout=2, application_name="twinbench-fault")
    connection.autocommit = True
    return connection


def _read_sum(testbed: Testbed, number: int) -> Iterator[Op]:
    """Read the sum, if there is one, once more when all is quiet: under some faults no client of the load gets to."""
    workload = testbed.services.workload
    if workload.sum_read is None:
        return
    operation = workload.sum_read.operation
    began_ns = time.monotonic_ns()
    with Client(testbed.running.url, READ_TIMEOUT_S) as client:
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


def _left_over(testbed: Testbed, deadline_s: float) -> Iterator[Sample]:
    """Read what was not given back, once it is nothing or time is up: as PostgreSQL and as the pools see it."""
    services = testbed.services
    left = wait_until_settled(services.postgres.url, services.workload.database, deadline_s - time.monotonic())
    yield _sample("sessions", "left_in_transaction", left)
    while (out := testbed.running.checked_out()) != 0 and time.monotonic() < deadline_s:
        time.sleep(0.05)
    if out is not None:
        yield _sample("pool", "left_checked_out", out)


def _sample(probe: str, metric: str, value: float) -> Sample:
    return Sample(t_ns=time.monotonic_ns(), probe=probe, metric=metric, value=value)
