"""Claim 4: expire_on_commit=False is needed in async code."""

from __future__ import annotations

from collections.abc import Iterator

from harness.experiments.base import Run
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.experiments.claims.program import told_by
from harness.model.claims import Claim, Observation

CLAIM = Claim(
    number=4,
    name="expire_on_commit",
    says="In async code a session needs expire_on_commit=False: without it, reading an attribute of a row after the"
    " commit raises an error.",
    method="A program stores a user, commits, and reads its name: with either setting, and with the default also after"
    " a refresh and through awaitable_attrs. The same without async.",
    measure="Errors, and the statements that the read sends. It raises by default and never with False: the claim"
    " holds. If another way reads as well with the default, the setting is one remedy of several, and the claim holds"
    " within that limit. With False the read must succeed, or the experiment is wrong. No margin: it is an error or it"
    " is none.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Run the program once: nothing in it varies."""
    yield from told_by(run, "expire_on_commit")


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("sqlalchemy", "asyncpg"),
    shows=(Shown(file="targets/claims/expire_on_commit.py", names=("after_commit", "read", "refresh_and_read")),),
)
