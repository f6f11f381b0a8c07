"""Load that goes on in a thread of its own while a fault comes and goes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from harness.errors import HarnessError
from harness.experiments.block import Block, key_prefix
from harness.load.generator_process import Loaded
from harness.model.plan import Order, Trial


@contextmanager
def loaded(trial: Trial, block: Block) -> Iterator[Callable[[], Loaded]]:
    """Keep load on until the function that is yielded is called, which ends it and returns what was recorded."""
    run, running = block.run, block.testbeds[trial.target].running
    scenario = run.scenario(trial.scenario)
    order = Order(
        ops=run.store.ops_path(trial),
        host=running.url,
        workload=run.workload.name,
        mix=dict(scenario.mix),
        # a flaw has one mistake; that it knows no Idempotency-Key would be another
        shape=replace(scenario.shape, retries=not running.target.flaw),
        warmup_s=run.plan.profile.warmup_s,
        measure_s=None,
        seed=trial.seed,
        key_prefix=key_prefix(trial),
    )
    measuring = threading.Event()
    outcome: list[Loaded | BaseException] = []

    def drive() -> None:
        try:
            outcome.append(block.generator.run(order, lambda _edge: measuring.set()))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            outcome.append(error)
        finally:
            measuring.set()

    def finish() -> Loaded:
        block.generator.stop()
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
                block.generator.stop()
            thread.join()
