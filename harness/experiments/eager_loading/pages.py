"""A page of users with posts, asked for by every loading strategy at growing sizes, and what it cost.

Each target is alone with one connection, which leads through Toxiproxy to a relay and on to PostgreSQL:

    client → target → Toxiproxy (latency) → relay → PostgreSQL

A page is as long as was asked for and has all its posts, or the run ends: a strategy that returns less would cost less.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import product
from random import Random

from harness.errors import HarnessError
from harness.faults.latency import Latency
from harness.load.client import Answer, Client
from harness.model.evidence import PageReading
from harness.model.plan import Target
from harness.provision.database import reset_statement_counts, seed, statement_count
from harness.provision.meter import routes
from harness.provision.postgres import url_through
from harness.provision.relay import Relay, relaying
from harness.provision.target import RunningTarget, target_process, wait_until_serving
from harness.provision.testbed import Parts
from harness.provision.toxiproxy import Link
from harness.store import Store

STRATEGIES = ("lazy", "selectin", "joined", "raise")
WITHOUT_POSTS = "raise"  # touching them is an error, so its pages have none: what the others' posts are added to
USERS, POSTS_EACH = (1, 5, 20, 100), (1, 5, 20)
USUAL_USERS, USUAL_POSTS = 20, 5
READS = "SELECT%"  # and not what begins and ends their transaction
REQUESTS = 3  # of each page in each block
DEADLINE_S = 30.0
Page = tuple[int, int]  # users, and posts of each


@dataclass(frozen=True, kw_only=True)
class _Lane:
    """One target, and all that stands along its way to the database."""

    running: RunningTarget
    link: Link | None
    relay: Relay
    client: Client
    url: str


def pages() -> list[Page]:
    """Return the sizes that are tried: of users and posts one is usual, and the other varies."""
    by_posts = [(USUAL_USERS, posts) for posts in POSTS_EACH if posts != USUAL_POSTS]
    return [*((users, USUAL_POSTS) for users in USERS), *by_posts]


def read_pages(  # noqa: PLR0913, PLR0917 - what to ask, of whom, and whom to tell
    block: int,
    order: Random,
    parts: Parts,
    targets: Sequence[Target],
    latencies_ms: Sequence[int],
    store: Store,
    done: Callable[[], None],
) -> Iterator[PageReading]:
    """Ask fresh processes for every page by every strategy at every distance once, in a random order.

    Raises:
        HarnessError: A page was not what was asked for, or a distance could not be had.
    """
    with ExitStack() as stack:
        lanes = [stack.enter_context(_lane(parts, target, store)) for target in targets]
        for lane in lanes:
            wait_until_serving(lane.running)
        for posts_each in order.sample(POSTS_EACH, len(POSTS_EACH)):
            sizes = {"users": max(USERS), "posts_per_user": posts_each}
            seed(parts.postgres.url, replace(parts.workload.database, sizes=sizes))
            due = [page for page in pages() if page[1] == posts_each]
            for added_ms in order.sample(latencies_ms, len(latencies_ms)):
                cells = list(product(lanes, STRATEGIES, due))
                with ExitStack() as distance:
                    for lane in lanes:
                        distance.enter_context(_far(lane, added_ms))
                    for lane, strategy, page in order.sample(cells, len(cells)):
                        yield _ask(lane, strategy, page, added_ms, block, parts)
                        done()


@contextmanager
def _lane(parts: Parts, target: Target, store: Store) -> Iterator[_Lane]:
    with ExitStack() as stack:
        relay = stack.enter_context(relaying(parts.postgres.address))
        name = f"loading-{target.name}"
        link = None
        if parts.toxiproxy:
            link = stack.enter_context(parts.toxiproxy.link(name, ("127.0.0.1", relay.port)))
        url = url_through(parts.postgres.url, link.port if link else relay.port)
        single = replace(target, pool=1, threads=1)
        running = stack.enter_context(target_process(parts.workload, single, url, store.log(name)))
        client = stack.enter_context(Client(running.url, DEADLINE_S))
        yield _Lane(running=running, link=link, relay=relay, client=client, url=url)


@contextmanager
def _far(lane: _Lane, added_ms: int) -> Iterator[None]:
    """Hold a lane's distance in force.

    Raises:
        HarnessError: Round trips do not show it.
    """
    if not added_ms or lane.link is None:
        yield
        return
    with routes({"lane": lane.url}) as open_routes:
        fault = Latency(proxy=lane.link, added_ms=added_ms, round_trip_s=open_routes["lane"].round_trip_s)
        try:
            if not fault.inject():
                raise HarnessError(f"Toxiproxy added no {added_ms} ms", "Run 'twinbench doctor'")
            yield
        finally:
            fault.heal()


def _ask(lane: _Lane, strategy: str, page: Page, added_ms: int, block: int, parts: Parts) -> PageReading:
    users, posts_each = page
    path = f"/api/v1/users?limit={users}&load={strategy}"
    _expect(lane.client.get(path), strategy, page, lane)  # the first compiles, and fills caches on both sides
    if parts.postgres.has_statement_counts:
        reset_statement_counts(parts.postgres.url)
    before = replace(lane.relay.counts)
    answers = [lane.client.get(path) for _ in range(REQUESTS)]
    after = replace(lane.relay.counts)
    statements = statement_count(parts.postgres.url, READS) if parts.postgres.has_statement_counts else None
    for answer in answers:
        _expect(answer, strategy, page, lane)
    return PageReading(
        target=lane.running.target.name,
        strategy=strategy,
        added_ms=added_ms,
        users=users,
        posts_each=posts_each,
        block=block,
        statements=None if statements is None else statements / REQUESTS,
        round_trips=(after.round_trips - before.round_trips) / REQUESTS,
        bytes_down=(after.bytes_down - before.bytes_down) / REQUESTS,
        answer_bytes=len(answers[0].body.encode()),
        took_ms=tuple(1e3 * answer.took_s for answer in answers),
    )


def _expect(answer: Answer, strategy: str, page: Page, lane: _Lane) -> None:
    """See that a page has all that was asked for."""
    users, posts_each = page
    found = json.loads(answer.body) if answer.status == HTTPStatus.OK else []
    posts = {len(user.get("posts", ())) for user in found}
    if len(found) != users or posts != {0 if strategy == WITHOUT_POSTS else posts_each}:
        raise HarnessError(
            f"{lane.running.target.name} answered {answer.status or answer.error} with {len(found)} users to"
            f" load={strategy}, and {users} with {posts_each} posts each were asked for",
            f"Read {lane.running.child.log}",
        )
