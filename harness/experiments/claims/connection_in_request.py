"""Claim 5: a session is not a connection."""

from __future__ import annotations

from collections.abc import Iterator

from harness.experiments.base import Run
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.experiments.claims.program import told_by
from harness.model.claims import Claim, Observation

CLAIM = Claim(
    number=5,
    name="connection_in_request",
    says="A session is not a connection. It takes one of the pool when it sends its first statement, and gives it back"
    " when its transaction ends, so there may be more sessions than connections.",
    method="A program sends three requests to a small FastAPI application whose session is a dependency: one that"
    " commits, one that only reads, and one that only reads with a session that is closed before the answer. At each"
    " step it asks the pool how many connections are taken. Then it opens ten times as many sessions as the pool has"
    " connections, first idle, then each with a statement sent.",
    measure="Connections taken at each step. None before the first statement, one until the commit, none after it: the"
    " claim holds. A read ends no transaction by itself: if its connection is still taken when the answer has gone"
    " out, the claim holds within that limit. Idle sessions beyond the pool must all open, and those in a transaction"
    " no more than the pool has. No margin: these are counts.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Run the program once: nothing in it varies."""
    yield from told_by(run, "connection_in_request")


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("sqlalchemy", "fastapi", "asyncpg"),
    shows=(
        Shown(
            file="targets/claims/connection_in_request.py",
            names=("get_session", "write", "read", "read_before_answer", "open_at_once"),
        ),
    ),
)
