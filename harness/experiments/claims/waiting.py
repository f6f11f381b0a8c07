"""Claim 1: async makes no query faster, and lets hundreds of requests wait without hundreds of threads."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import product

from harness.experiments.base import Run
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.experiments.claims.program import told_by
from harness.model.claims import Claim, Observation
from harness.provision.addresses import accepts, free_port
from harness.provision.processes import started, wait_until

WAITING = (1, 16, 256)
TURNS = 2
# An async request needs no thread; a sync one needs one each, or waits for one of as many as AnyIO has usually.
KINDS = (("async", 40), ("sync", 40), ("sync", 256))
START_S = 20.0

CLAIM = Claim(
    number=1,
    name="waiting",
    says="Async does not make a single query faster. It raises throughput, as hundreds of requests can wait at once"
    " without hundreds of threads.",
    method="One query is sent over and over by an async engine and by a synchronous one, both on psycopg 3, by turns in"
    " 30 rounds. Then 1, 16 and 256 requests at once are sent to a route that waits a second for another service: as a"
    " coroutine, and in threads, of which AnyIO allows 40, or 256. Halfway, threads and memory are counted; each twice,"
    " in a fresh process.",
    measure="The claim holds if a query takes at least 0.95 of the time by async, the whole interval above, as two runs"
    " of one thing differ by less here; if 256 waiting coroutines add at most 8 threads, a thirtieth of one each; and"
    " if all of them are served in at most half the time that 40 threads take, which have to go through them in seven"
    " turns. It does not hold if async is faster than that or needs more threads, and is undecided otherwise. The 40"
    " threads must take 5 seconds or more, or waiting costs nothing here and the experiment is wrong.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Time a query, and count what waiting takes."""
    yield from told_by(run, "single_query")
    port = free_port()
    argv = [sys.executable, "-m", "targets.claims.late_server", port]
    with started("The late server", argv, log=run.store.log("claim-late-server")) as server:
        wait_until(lambda: accepts(port), server, START_S)
        for _, (model, threads), count in product(range(TURNS), KINDS, WAITING):
            yield from told_by(run, "waiting", [port, model, count, threads])


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("sqlalchemy", "psycopg", "fastapi"),
    shows=(
        Shown(file="targets/claims/single_query.py", names=("by_async", "by_sync")),
        Shown(file="targets/claims/waiting.py", names=("wait_in_the_loop", "wait_in_a_thread", "main")),
    ),
)
