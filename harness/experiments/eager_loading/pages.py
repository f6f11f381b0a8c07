"""A page of users with posts, asked for by every loading strategy at growing sizes, and what it cost.

Each target is alone with one connection, which leads through Toxiproxy to a relay and on to PostgreSQL:

    client → target → Toxiproxy (latency) → relay → PostgreSQL

A page is as long as was asked for and has all its posts, or the run ends: a strategy that returns less would cost less.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import product
from random import Random

from harness.errors import HarnessError
from harness.experiments.base import Run
from harness.experiments.block import added_latency
from harness.experiments.round_trips import count_on_wire, single_connections
from harness.load.single_client import Answer, Client
from harness.model.evidence import PageReading
from harness.provision.database import seed
from harness.provision.meter import routes
from harness.provision.testbed import RelayedTestbed

STRATEGIES = ("lazy", "selectin", "joined", "raise")
WITHOUT_POSTS = "raise"  # touching them is an error, so its pages have none: what the others' posts are added to
USERS, POSTS_EACH = (1, 5, 20, 100), (1, 5, 20)
USUAL_USERS, USUAL_POSTS = 20, 5
READS = "SELECT%"  # and not what begins and ends their transaction
REQUESTS = 3  # of each page in each block
DEADLINE_S = 30.0


@dataclass(frozen=True, kw_only=True)
class _Page:
    """A page to ask for: so many users with so many posts each, by a strategy."""

    strategy: str
    users: int
    posts_each: int

    @property
    def path(self) -> str:
        """What to ask for."""
        return f"/api/v1/users?limit={self.users}&load={self.strategy}"


def pages() -> list[tuple[int, int]]:
    """Return the sizes that are tried: of users and posts one is usual, and the other varies."""
    by_posts = [(USUAL_USERS, posts) for posts in POSTS_EACH if posts != USUAL_POSTS]
    return [*((users, USUAL_POSTS) for users in USERS), *by_posts]


def read_pages(run: Run, block: int, order: Random) -> Iterator[PageReading]:
    """Ask fresh processes for every page by every strategy at every distance once, in a random order.

    Raises:
        HarnessError: A page was not what was asked for, or a distance could not be had.
    """
    latencies_ms = run.plan.profile.added_ms
    with single_connections(run, run.planned.targets, "eager-loading") as testbeds:
        for posts_each in order.sample(POSTS_EACH, len(POSTS_EACH)):
            sizes = {"users": max(USERS), "posts_per_user": posts_each}
            seed(run.services.postgres.url, replace(run.workload.database, sizes=sizes))
            due = [
                _Page(strategy=strategy, users=users, posts_each=posts_each)
                for strategy in STRATEGIES
                for users, posts in pages()
                if posts == posts_each
            ]
            for added_ms in order.sample(latencies_ms, len(latencies_ms)):
                cells = list(product(testbeds, due))
                with ExitStack() as far:
                    for testbed in testbeds:
                        far.enter_context(_far(testbed, added_ms))
                    for testbed, page in order.sample(cells, len(cells)):
                        yield _ask(testbed, page, added_ms, block)
                        run.progress.step()


@contextmanager
def _far(testbed: RelayedTestbed, added_ms: int) -> Iterator[None]:
    """Hold a testbed's added latency in force.

    Raises:
        HarnessError: Round trips do not show it.
    """
    with (
        routes({"own": testbed.url}) as open_routes,
        added_latency(testbed, added_ms, open_routes["own"].round_trip_s, []) as proof,
    ):
        if not proof:
            raise HarnessError(f"Toxiproxy added no {added_ms} ms", "Run 'twinbench doctor'")
        yield


def _ask(testbed: RelayedTestbed, page: _Page, added_ms: int, block: int) -> PageReading:
    answers: list[Answer] = []
    with Client(testbed.running.url, DEADLINE_S) as client:

        def send() -> int:
            answers.extend(client.get(page.path) for _ in range(REQUESTS))
            return REQUESTS

        _expect(client.get(page.path), page, testbed)  # the first compiles, and fills caches on both sides
        wire = count_on_wire(testbed, page.path, send, READS)
    for answer in answers:
        _expect(answer, page, testbed)
    return PageReading(
        target=testbed.running.target.name,
        **vars(page),
        added_ms=added_ms,
        block=block,
        statements=wire.statements,
        round_trips=wire.round_trips,
        bytes_down=wire.bytes_down,
        answer_bytes=len(answers[0].body.encode()),
        took_ms=tuple(1e3 * answer.took_s for answer in answers),
    )


def _expect(answer: Answer, page: _Page, testbed: RelayedTestbed) -> None:
    """See that a page has all that was asked for."""
    running = testbed.running
    found = json.loads(answer.body) if answer.status == HTTPStatus.OK else []
    posts = {len(user.get("posts", ())) for user in found}
    if len(found) != page.users or posts != {0 if page.strategy == WITHOUT_POSTS else page.posts_each}:
        raise HarnessError(
            f"{running.target.name} answered {answer.status or answer.error} with {len(found)} users to"
            f" load={page.strategy}, and {page.users} with {page.posts_each} posts each were asked for",
            f"Read {running.child.log}",
        )
