"""What one request costs on its way to the database: counted on the wire, on a target's only connection.

Added latency is paid once a round trip, so this count is what turns a distance into a latency.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

from harness.experiments.base import Run
from harness.load.generator_process import generator
from harness.model.measures import WireCount
from harness.model.plan import Order, Shape, Target
from harness.provision.database import reset_statement_counts, seed, statement_count
from harness.provision.target import wait_until_serving
from harness.provision.testbed import RelayedTestbed, open_relayed_testbed

WARMUP_S = 0.3  # connects, and fills the statement caches on both sides
MEASURE_S = 0.3
FIRST_KEY_PREFIX = 0xFFFF0000  # beyond any trial's


@contextmanager
def single_connections(run: Run, targets: Sequence[Target], purpose: str) -> Iterator[list[RelayedTestbed]]:
    """Start targets with one connection each, so that nothing is counted but what is asked for, until they serve."""
    with ExitStack() as stack:
        testbeds = []
        for target in targets:
            alone, log = replace(target, pool=1, threads=1), run.store.log(f"{purpose}-{target.name}")
            testbeds.append(stack.enter_context(open_relayed_testbed(run.services, alone, log)))
        for testbed in testbeds:
            wait_until_serving(testbed.running)
        yield testbeds


def count_on_wire(testbed: RelayedTestbed, operation: str, send: Callable[[], int], like: str = "%") -> WireCount:
    """Count what goes over the wire for each of the requests that ``send`` sends, of which it returns the number.

    Statements are counted where PostgreSQL can, those whose text meets ``like``.
    """
    postgres = testbed.services.postgres
    if postgres.has_statement_counts:
        reset_statement_counts(postgres.url)
    before = replace(testbed.relay.counts)
    requests = send()
    after = replace(testbed.relay.counts)
    return WireCount(
        target=testbed.running.target.name,
        operation=operation,
        round_trips=(after.round_trips - before.round_trips) / requests,
        statements=statement_count(postgres.url, like) / requests if postgres.has_statement_counts else None,
        bytes_up=(after.bytes_up - before.bytes_up) / requests,
        bytes_down=(after.bytes_down - before.bytes_down) / requests,
    )


def count_round_trips(run: Run, targets: Sequence[Target], operations: Iterable[str]) -> Iterator[WireCount]:
    """Send each operation from a single client to each target, and count what goes over the wire."""
    key_prefixes = itertools.count(FIRST_KEY_PREFIX)
    with (
        generator(run.store.log("round-trips-generator")) as load,
        single_connections(run, targets, "round-trips") as testbeds,
    ):
        seed(run.services.postgres.url, run.workload.database)
        load.wait_until_ready()

        def send(host: str, operation: str, duration_s: float) -> int:
            order = Order(
                ops=run.store.folder / "round-trips.arrows",
                host=host,
                workload=run.workload.name,
                mix={operation: 1},
                shape=Shape(clients=1),
                warmup_s=0.0,
                measure_s=duration_s,
                seed=1,
                key_prefix=f"{next(key_prefixes):08x}",
            )
            return load.run(order, lambda _edge: None).recorded

        for testbed in testbeds:
            testbed.running.require_operations(run.workload)
        for testbed, operation in itertools.product(testbeds, operations):
            host = testbed.running.url
            send(host, operation, WARMUP_S)
            yield count_on_wire(testbed, operation, partial(send, host, operation, MEASURE_S))
