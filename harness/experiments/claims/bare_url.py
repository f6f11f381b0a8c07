"""Claim 3: a URL without asyncpg raises no error, and blocks the event loop."""

from __future__ import annotations

from collections.abc import Iterator

from harness.experiments.base import Run
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.experiments.claims.program import told_by
from harness.model.claims import Claim, Observation

TURNS = 3

CLAIM = Claim(
    number=3,
    name="bare_url",
    says="create_async_engine with postgresql:// in place of postgresql+asyncpg:// raises no error at once, but blocks"
    " the event loop under load.",
    method="A program makes an async engine of a URL without a driver, with psycopg2, psycopg 3 and asyncpg, and sends"
    " a statement of 0.4 s by each, while a coroutine beside it wakes up every hundredth of a second. Three times, with"
    " a synchronous engine in a coroutine as the control.",
    measure="The error, if there is one, and the longest pause of the coroutine. More than half of the statement's time"
    " is a loop that is held up: a driver that waits in the loop holds it up for all of it, and a busy machine for a"
    " few hundredths of a second. The claim holds if the bare URL raises nothing and holds the loop up, holds within"
    " limits if only psycopg2, named, does, and does not hold otherwise. asyncpg must not hold the loop up, or the"
    " machine is too busy to decide; the synchronous engine must, or the experiment is wrong.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Run the program several times, as a pause depends on the machine."""
    for _ in range(TURNS):
        yield from told_by(run, "bare_url")


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("sqlalchemy", "psycopg", "psycopg2-binary", "asyncpg"),
    shows=(Shown(file="targets/claims/bare_url.py", names=("with_driver", "longest_pause_ms", "ask")),),
)
