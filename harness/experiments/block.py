"""A block: fresh targets over a database at its seed, and one load generator in front of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from harness.experiments.base import Run
from harness.load.generator_process import Generator, generator
from harness.model.plan import Target, Trial
from harness.provision.database import seed
from harness.provision.target import wait_until_serving
from harness.provision.testbed import Testbed, open_testbed


@dataclass(frozen=True, kw_only=True)
class Block:
    """What the trials of a block share."""

    run: Run
    testbeds: Mapping[str, Testbed]
    generator: Generator


@contextmanager
def fresh_block(run: Run, targets: Sequence[Target], environment: Mapping[str, str] | None = None) -> Iterator[Block]:
    """Start the processes of a block, all at once, seed the database, and wait until each is ready."""
    with ExitStack() as stack:
        load = stack.enter_context(generator(run.store.log("generator")))
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


def key_prefix(trial: Trial) -> str:
    """The 8 hex digits that every key of this attempt at a trial begins with. Never zeros: those are the seed's."""
    return f"{trial.attempt:x}{trial.number:07x}"
