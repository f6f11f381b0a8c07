"""Claim 8: selectinload sends a second SELECT, joinedload a JOIN."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from random import Random
from statistics import median

from harness.experiments.base import Run
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.experiments.eager_loading.pages import read_pages
from harness.model.claims import RATIO, Claim, Observation
from harness.model.evidence import PageReading
from harness.model.findings import in_unit

ADDED_MS = (0, 5, 20)
BLOCKS = {"default": 4, "full": 10}

CLAIM = Claim(
    number=8,
    name="loading",
    says="selectinload loads the related rows by a second SELECT and joinedload by a JOIN; which of them is faster"
    " depends on the data and on the distance.",
    method="The async twin, on one connection, is asked for pages of 1 to 100 users with 1 to 20 posts each, by either"
    " strategy, at 0, 5 and 20 ms of added latency, with a fresh process in each block. PostgreSQL counts statements.",
    measure="Statements a page: 2 with selectinload and 1 with joinedload, whatever the page, or the claim does not "
    "hold. Of each page the ratio of their times, with its interval over blocks: a whole interval on one side of 1 "
    "names the faster one. The claim holds if each is faster in two pages or more, as one of 18 may be by chance; "
    "if only one of them is, it holds within that limit, and if neither is, that is undecided. Lazy loading must "
    "be seen to send a statement a user, or the count is wrong.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Ask for every page in every block."""
    blocks = BLOCKS[run.plan.profile.name]
    profile = replace(run.plan.profile, added_ms=ADDED_MS, blocks=blocks)
    planned = replace(run.planned, plan=replace(run.plan, profile=profile), targets=(run.target("async"),))
    for block in range(1, blocks + 1):
        order = Random(f"{run.plan.seed}/{block}")  # noqa: S311 - an order to be repeated, no secret
        yield from _observed(read_pages(replace(run, planned=planned), block, order))


def _observed(readings: Iterable[PageReading]) -> Iterator[Observation]:
    by_page: dict[tuple[int, int, int], dict[str, PageReading]] = {}
    for one in readings:
        by_page.setdefault((one.users, one.posts_each, one.added_ms), {})[one.strategy] = one
    for (users, posts_each, added_ms), by_strategy in by_page.items():
        counted = {name: one.statements or 0.0 for name, one in by_strategy.items() if name != "raise"}
        took = {name: median(one.took_ms) for name, one in by_strategy.items() if name != "raise"}
        ratio = took["selectin"] / took["joined"]
        yield Observation(
            case=f"{users} users with {posts_each} posts each, {added_ms} ms",
            values=in_unit("users", users=users)
            | in_unit("statements", **{f"statements by {name}": count for name, count in counted.items()})
            | in_unit("ms", **{f"time by {name}": time for name, time in took.items()})
            | in_unit(RATIO, **{"selectin/joined": ratio}),
        )


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("sqlalchemy", "asyncpg"),
    targets=("async",),
    adds_latency=True,
    shows=(Shown(file="targets/shared/statements.py", names=("users_page",)),),
)
