"""Claim 2: one synchronous call in an async route degrades all concurrent requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product

from harness.errors import HarnessError
from harness.experiments.base import Run
from harness.experiments.block import Block, added_latency, fresh_block
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.model.claims import RATIO, Claim, Observation
from harness.model.evidence import Sample
from harness.model.findings import in_unit, known_facts
from harness.model.plan import Order, Shape
from harness.ops_file import read_ops
from harness.provision.meter import routes

SOUND, FLAWED = "async:loop", "flaw:sync_driver"
ADDED_MS = (0, 20)
TURNS = {"default": 8, "full": 24}
WARM_UP_S, MEASURE_S = 0.8, 2.0
# Ten of 20 requests a second call synchronously, for three round trips each: at 20 ms that holds the loop up for two
# thirds of the time, and not for all of it, in which case nothing would be served any more.
SHAPE = Shape(clients=16, pace_s=0.8)
OTHERS = "ping"
MIX = {"get_user": 1, OTHERS: 1}
KEY_PREFIX = "fffd0000"  # of reads, which need none

CLAIM = Claim(
    number=2,
    name="blocked_loop",
    says="One synchronous database call in an async route degrades all concurrent requests.",
    method="The async twin, and the same with one route that asks the database by psycopg2 in a coroutine, get 20"
    " requests a second by turns. Half go to that route, the others to one that needs no database and so waits for the"
    " event loop alone. At 0 and 20 ms of added latency, there and back.",
    measure="The median of the others' latency, with the call over without, with its interval over turns. At"
    " least twice as long counts as degraded: a difference that a client notices, and that two turns of one target do"
    " not have. The claim holds if it is at both latencies, and within limits if it is at 20 ms only. Undecided where"
    " an interval reaches over the margin at 20 ms. A probe in the loop names the line, and how late the loop was.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Put the same load on both, by turns, at each distance."""
    with fresh_block(run, [run.target(SOUND), run.target(FLAWED)]) as block:
        for turn, added_ms in product(range(TURNS[run.plan.profile.name]), ADDED_MS):
            order = (SOUND, FLAWED) if turn % 2 else (FLAWED, SOUND)
            took = {name: _loaded(block, name, added_ms, turn) for name in order}
            late = {name: one.values["others, median"].value for name, one in took.items()}
            yield from took.values()
            yield Observation(
                case=f"the others at {added_ms} ms",
                values=in_unit(RATIO, **{"with/without the call": late[FLAWED] / late[SOUND]}),
            )


def _loaded(block: Block, target: str, added_ms: int, turn: int) -> Observation:
    """Put the load on one target, and tell how long the others took and what held the loop up.

    Raises:
        HarnessError: No request was recorded.
    """
    testbed, ops = block.testbeds[target], block.run.store.folder / "claim.arrows"
    order = Order(
        ops=ops,
        host=testbed.running.url,
        workload=block.run.workload.name,
        mix=MIX,
        shape=SHAPE,
        warmup_s=WARM_UP_S,
        measure_s=MEASURE_S,
        seed=turn,
        key_prefix=KEY_PREFIX,
    )
    with ExitStack() as stack:
        ways = stack.enter_context(routes({"own": testbed.url}))
        stack.enter_context(added_latency(testbed, added_ms, ways["own"].round_trip_s, []))
        window = block.generator.run(order, lambda _edge: None).window
    samples = [one for one in testbed.running.probed(window) if one.probe == "loop"]
    frame = read_ops(ops)
    ops.unlink()
    if frame is None:
        raise HarnessError(f"{target} answered nothing", f"Read {testbed.running.child.log}")
    others = frame[(frame["name"] == OTHERS) & (frame["ended_ns"] >= window.start_ns)]
    took_ms = float(((others["ended_ns"] - others["started_ns"]) / 1e6).median())
    late_ms = 1000 * max((one.value for one in samples if one.metric == "lag_max_s"), default=0.0)
    return Observation(
        case=f"{target} at {added_ms} ms",
        values=in_unit("ms", **{"others, median": took_ms, "loop late by at most": late_ms}),
        facts=known_facts(line=_worst_line(samples)),
    )


def _worst_line(samples: list[Sample]) -> str:
    """Name the line of the application that held the loop up longest."""
    stalls = [one for one in samples if one.metric == "stall_s" and "call_site" in one.places]
    if not stalls:
        return ""
    place = max(stalls, key=lambda one: one.value).places["call_site"]
    return f"{place.file}:{place.line} {place.function}"


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("sqlalchemy", "psycopg2-binary", "uvloop"),
    targets=(SOUND, FLAWED),
    adds_latency=True,
    shows=(Shown(file="targets/flaws/sync_driver.py", names=("get_user",)),),
)
