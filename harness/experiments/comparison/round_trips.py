"""How often one request goes to the database: counted on the wire, once per run, before any timing.

Added latency is paid once a round trip, so this count is what turns a distance into a latency.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from harness.load.generator import generator
from harness.model.measures import WireCount
from harness.model.order import Order
from harness.model.plan import Shape, Target
from harness.provision.database import reset_statement_counts, seed, statement_count
from harness.provision.postgres import url_through
from harness.provision.relay import Relay, relaying
from harness.provision.target import RunningTarget, target_process, wait_until_serving
from harness.provision.testbed import Parts
from harness.store import Store

WARMUP_S = 0.3  # connects, and fills the statement caches on both sides
MEASURE_S = 0.3
FIRST_KEY_PREFIX = 0xFFFF0000  # beyond any trial's


def count_round_trips(
    parts: Parts, targets: Sequence[Target], operations: Iterable[str], store: Store
) -> tuple[WireCount, ...]:
    """Send each operation from a single client to each target, and count what goes over the wire.

    Each target has one connection, so that nothing but the operation itself is counted.
    """
    with ExitStack() as stack:
        load = stack.enter_context(generator(store.log("count_round_trips-generator")))
        surveyed: list[tuple[RunningTarget, Relay]] = []
        for target in targets:
            wire = stack.enter_context(relaying(parts.postgres.address))
            url = url_through(parts.postgres.url, wire.port)
            single = replace(target, pool=1, threads=1)
            surveyed.append(
                (
                    stack.enter_context(
                        target_process(parts.workload, single, url, store.log(f"count_round_trips-{target.name}"))
                    ),
                    wire,
                )
            )
        seed(parts.postgres.url, parts.workload.database)
        load.wait_until_ready()
        for running, _ in surveyed:
            wait_until_serving(running)
        numbers = itertools.count(FIRST_KEY_PREFIX)

        def send(host: str, operation: str, duration_s: float) -> int:
            """Send one operation from a single client for a while; return how often."""
            order = Order(
                ops=store.folder / "count_round_trips.arrows",
                host=host,
                workload=parts.workload.name,
                mix={operation: 1},
                shape=Shape(clients=1),
                warmup_s=0.0,
                measure_s=duration_s,
                seed=1,
                key_prefix=f"{next(numbers):08x}",
            )
            return load.run(order, lambda _edge: None).recorded

        return tuple(
            _count(parts, wire, running.target.name, operation, partial(send, running.url, operation))
            for running, wire in surveyed
            for operation in operations
        )


def _count(parts: Parts, wire: Relay, target: str, operation: str, send: Callable[[float], int]) -> WireCount:
    send(WARMUP_S)
    if parts.postgres.has_statement_counts:
        reset_statement_counts(parts.postgres.url)
    before = replace(wire.counts)
    requests = send(MEASURE_S)
    after = replace(wire.counts)
    statements = statement_count(parts.postgres.url) if parts.postgres.has_statement_counts else None
    return WireCount(
        target=target,
        operation=operation,
        round_trips=(after.round_trips - before.round_trips) / requests,
        statements=None if statements is None else statements / requests,
        bytes_up=(after.bytes_up - before.bytes_up) / requests,
        bytes_down=(after.bytes_down - before.bytes_down) / requests,
    )
