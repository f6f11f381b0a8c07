"""How often one request goes to the database: counted on the wire, once per run, before any timing.

Added latency is paid once a round trip, so this count is what turns a distance into a latency.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from harness.experiments.base import Run
from harness.load.generator_process import Generator, generator
from harness.model.measures import WireCount
from harness.model.plan import Order, Shape, Target
from harness.provision.database import reset_statement_counts, seed, statement_count
from harness.provision.target import wait_until_serving
from harness.provision.testbed import RelayedTestbed, open_relayed_testbed

WARMUP_S = 0.3  # connects, and fills the statement caches on both sides
MEASURE_S = 0.3
FIRST_KEY_PREFIX = 0xFFFF0000  # beyond any trial's


def count_round_trips(run: Run, targets: Sequence[Target], operations: Iterable[str]) -> tuple[WireCount, ...]:
    """Send each operation from a single client to each target, and count what goes over the wire.

    Each target has one connection, so that nothing but the operation itself is counted.
    """
    with ExitStack() as stack:
        load = stack.enter_context(generator(run.store.log("round-trips-generator")))
        testbeds = [
            stack.enter_context(
                open_relayed_testbed(
                    run.services, replace(target, pool=1, threads=1), run.store.log(f"round-trips-{target.name}")
                )
            )
            for target in targets
        ]
        seed(run.services.postgres.url, run.workload.database)
        load.wait_until_ready()
        for testbed in testbeds:
            wait_until_serving(testbed.running)
            testbed.running.require_operations(run.workload)
        client = _Client(
            generator=load,
            workload=run.workload.name,
            ops=run.store.folder / "round-trips.arrows",
            key_prefixes=itertools.count(FIRST_KEY_PREFIX),
        )
        return tuple(_count(client, testbed, operation) for testbed in testbeds for operation in operations)


@dataclass(frozen=True, kw_only=True)
class _Client:
    """A single client, that sends one operation over and over."""

    generator: Generator
    workload: str
    ops: Path
    key_prefixes: Iterator[int]

    def send(self, host: str, operation: str, duration_s: float) -> int:
        """Send it for a while; return how often."""
        order = Order(
            ops=self.ops,
            host=host,
            workload=self.workload,
            mix={operation: 1},
            shape=Shape(clients=1),
            warmup_s=0.0,
            measure_s=duration_s,
            seed=1,
            key_prefix=f"{next(self.key_prefixes):08x}",
        )
        return self.generator.run(order, lambda _edge: None).recorded


def _count(client: _Client, testbed: RelayedTestbed, operation: str) -> WireCount:
    postgres, host = testbed.services.postgres, testbed.running.url
    client.send(host, operation, WARMUP_S)
    if postgres.has_statement_counts:
        reset_statement_counts(postgres.url)
    before = replace(testbed.relay.counts)
    requests = client.send(host, operation, MEASURE_S)
    after = replace(testbed.relay.counts)
    statements = statement_count(postgres.url) if postgres.has_statement_counts else None
    return WireCount(
        target=testbed.running.target.name,
        operation=operation,
        round_trips=(after.round_trips - before.round_trips) / requests,
        statements=None if statements is None else statements / requests,
        bytes_up=(after.bytes_up - before.bytes_up) / requests,
        bytes_down=(after.bytes_down - before.bytes_down) / requests,
    )
