"""Claim 14: layers cost nothing that matters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

from harness.experiments.base import Run
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.experiments.interleaved import ClosedLoop
from harness.load.single_client import Client
from harness.model.claims import RATIO, Claim, Observation, seen
from harness.provision.pause import ProcessorClocks
from harness.provision.target import RunningTarget, wait_until_serving
from harness.provision.testbed import open_testbed

WITH, WITHOUT = "async:all-layers", "async:one-layer"
PATHS = tuple(f"/api/v1/users/{number}" for number in range(1, 257))
ROUNDS = {"default": 40, "full": 200}
EACH = 80  # requests of a slice
WARM_UP = 10  # slices
ANSWER_S = 10.0

CLAIM = Claim(
    number=14,
    name="layers",
    says="The layers of routes, services and repositories cost nothing that matters.",
    method="The async twin's point read goes through all three. Beside it runs the same application with a route "
    "that reads the user by itself, in the same place among the routes. Both get twice 80 requests by "
    "turns from 16 clients in each of 40 rounds, there and back.",
    measure="Processor time a request, with the layers over without, with its interval over rounds. A point read is the"
    " smallest request with a database, so layers weigh most there. More than 1.05 matters: a twentieth is what one"
    " more core in twenty would have to make up for, and less than any other decision here costs. The claim holds if"
    " the whole interval is below, does not hold if it is above, and is undecided otherwise.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Hold the two against each other."""
    with ExitStack() as stack:
        running = {}
        for name in (WITH, WITHOUT):
            log = run.store.log(f"claim-layers-{name}")
            running[name] = stack.enter_context(open_testbed(run.services, run.target(name), log)).running
        for one in running.values():
            wait_until_serving(one)
        yield seen("answers", answers="the same" if len({_answer(one) for one in running.values()}) == 1 else "others")
        loops = {name: stack.enter_context(_loop(one)) for name, one in running.items()}
        clocks = ProcessorClocks({name: one.child for name, one in running.items()})
        for loop in loops.values():
            for _ in range(WARM_UP):
                loop.slice(EACH)
        for turn in range(ROUNDS[run.plan.profile.name]):
            used_ms = dict.fromkeys(loops, 0.0)
            for name in ((WITH, WITHOUT, WITHOUT, WITH), (WITHOUT, WITH, WITH, WITHOUT))[turn % 2]:
                before_s = clocks.read()[name]
                loops[name].slice(EACH)
                used_ms[name] += 1000 * (clocks.read()[name] - before_s) / (2 * EACH)
            yield seen("a request", "ms", {"with layers": used_ms[WITH], "without": used_ms[WITHOUT]})
            yield seen("a request", RATIO, {"with/without": used_ms[WITH] / used_ms[WITHOUT]})


def _answer(running: RunningTarget) -> tuple[int, str]:
    with Client(running.url, ANSWER_S) as client:
        told = client.get(PATHS[0])
        return told.status, told.body


def _loop(running: RunningTarget) -> ClosedLoop:
    """Return 16 clients; both targets have all cores, so nothing is taken off."""
    return ClosedLoop(urlsplit(running.url).port or 0, PATHS, lambda: 0.0)


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("fastapi", "sqlalchemy", "asyncpg"),
    targets=(WITH, WITHOUT),
    shows=(
        Shown(file="targets/claims/layers.py", names=("get_user",)),
        Shown(file="targets/async_api/routes.py", names=("get_user",)),
        Shown(file="targets/async_api/services.py", names=("read_user",)),
    ),
)
