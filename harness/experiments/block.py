"""What trials stand on: a block of fresh targets with one load generator, the load of each, and faults in force."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field

from harness.experiments.base import Run
from harness.faults.added_latency import Latency
from harness.load.generator_process import Generator, generator
from harness.model.evidence import Fault, FaultWindow
from harness.model.plan import Order, Target, Trial
from harness.provision.database import seed
from harness.provision.meter import Route
from harness.provision.pinning import confined
from harness.provision.target import wait_until_serving
from harness.provision.testbed import Testbed, open_testbed


@dataclass(frozen=True, kw_only=True)
class Block:
    """What the trials of a block share.

    Where added latency is timed while load runs, ``routes`` holds an open connection by every way: one "direct", one
    "clean" (through a proxy that has no toxic), and one by each target's own. ``medians_s`` are the latencies that were
    seen so far, by target, scenario and added latency.
    """

    run: Run
    testbeds: Mapping[str, Testbed]
    generator: Generator
    routes: Mapping[str, Route] = field(default_factory=dict)
    medians_s: dict[tuple[str, str, int], float] = field(default_factory=dict)


@contextmanager
def fresh_block(run: Run, targets: Sequence[Target], environment: Mapping[str, str] | None = None) -> Iterator[Block]:
    """Start the processes of a block, all at once, seed the database, and wait until each is ready."""
    pinned = run.plan.processors
    with ExitStack() as stack:
        with confined(pinned.generator if pinned else ()):
            load = stack.enter_context(generator(run.store.log("generator")))
        with confined(pinned.targets if pinned else ()):
            testbeds = {
                target.name: stack.enter_context(
                    open_testbed(run.services, target, run.store.log(target.name), environment)
                )
                for target in targets
            }
        seed(run.services.postgres.url, run.workload.database)
        load.wait_until_ready()
        for testbed in testbeds.values():
            wait_until_serving(testbed.running)
        yield Block(run=run, testbeds=testbeds, generator=load)


def order_of(trial: Trial, block: Block) -> Order:
    """Return the load of a trial, whose record goes to the store."""
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


def key_prefix(trial: Trial) -> str:
    """The 8 hex digits that every key of this attempt at a trial begins with. Never zeros: those are the seed's."""
    return f"{trial.attempt:x}{trial.number:07x}"


@contextmanager
def injected(fault: Fault, healed: list[FaultWindow]) -> Iterator[str]:
    """Hold a fault in force for as long as the context lasts, and yield its proof; ``healed`` gets what was done.

    Raises:
        HarnessError: It could not be started.
    """
    injected_ns, proof = time.monotonic_ns(), ""
    try:
        proof = fault.inject()
        yield proof
    finally:
        fault.heal()
        healed_ns = time.monotonic_ns()
        told = {"kind": fault.kind, "detail": fault.detail, "proof": proof}
        healed.append(FaultWindow(**told, injected_ns=injected_ns, healed_ns=healed_ns))


def added_latency(
    testbed: Testbed, added_ms: int, round_trip_s: Callable[[], float], healed: list[FaultWindow]
) -> AbstractContextManager[str]:
    """Hold so much latency in force on a testbed's way to PostgreSQL; nothing is injected if that is none.

    ``round_trip_s`` makes one round trip by the same way, on a connection that was open before.
    """
    if not added_ms:
        return nullcontext("none was asked for")
    return injected(Latency(proxy=testbed.proxy, added_ms=added_ms, round_trip_s=round_trip_s), healed)
