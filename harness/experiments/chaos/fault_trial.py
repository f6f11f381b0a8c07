"""One fault, injected into load on every write endpoint, healed, and watched after.

    load on → wait for a write in the middle of its transaction → inject, hold, heal → load off → ledger

A block starts fresh processes of one target; its faults follow each other, each with evidence of its own, so that a
finding names the fault that led to it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from harness.experiments.base import Run
from harness.experiments.block import Block, fresh_block, key_prefix
from harness.experiments.chaos.background_load import loaded
from harness.experiments.chaos.fault_context import fault_context
from harness.experiments.chaos.schedule import HOLD_S, WATCH_S
from harness.experiments.injection import injected
from harness.faults.catalog import FAULTS
from harness.load.single_client import Client, Sending
from harness.model.evidence import Fault, FaultWindow, Sample
from harness.model.op import Op
from harness.model.plan import Target, Trial
from harness.model.run_records import TrialRecord
from harness.provision.database import read_ledger, restore, wait_until_settled, wait_until_writing
from harness.provision.processes import temporary_folder
from harness.provision.target import GAUGES_VARIABLE
from harness.provision.testbed import Testbed

# Faults in which PostgreSQL says nothing must outlast the targets' time limits, or these would never be seen.
OUTLASTING = frozenset({"black_hole", "freeze_backend", "freeze_postmaster"})
OUTLASTING_S = 7.0  # a second more than harness.analysis.checks.fault_trial.DEADLINE_S
LEFT_OVER_AFTER_S = 10.0
READ_TIMEOUT_S = 5.0
WITHIN_TRANSACTION_TIMEOUT_S = 3.0
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
    fault = FAULTS[trial.fault](fault_context(testbed, key_prefix(trial), sent))
    with loaded(trial, block) as finish:
        in_transaction = _sample(
            "sessions", "in_transaction", wait_until_writing(url, workload.database, WITHIN_TRANSACTION_TIMEOUT_S)
        )
        window = _hold(fault)
        time.sleep(WATCH_S)
        load = finish()
    left_over = list(_left_over(testbed, window.healed_ns / 1e9 + LEFT_OVER_AFTER_S))
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
            faults=(window,),
            noted=noted,
            ledger=read_ledger(url, workload, key_prefix(trial)),
        )
    )


def _hold(fault: Fault) -> FaultWindow:
    """Inject, hold for as long as the fault takes to show, and heal whatever happened."""
    with injected(fault) as injection:
        time.sleep(OUTLASTING_S if fault.kind in OUTLASTING else HOLD_S)
    return injection.window


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
