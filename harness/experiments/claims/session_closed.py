"""Claim 6: a session by dependency is closed whatever happens, and one by hand leaks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from harness.experiments.base import Run
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.load.single_client import Client
from harness.model.claims import Claim, Observation, seen
from harness.model.plan import Target
from harness.provision.postgres import connect
from harness.provision.processes import temporary_folder
from harness.provision.target import GAUGES_VARIABLE, wait_until_serving
from harness.provision.testbed import open_testbed

POOL = 5
FAILING = 10  # twice as many, so that a pool that loses its connections stands still
PINGS = 1000  # requests that need no database, but have garbage collected
ANSWER_S = 10.0
LIMITS = {"TWIN_POOL_TIMEOUT_S": "0.2"}  # a pool that gives up soon
# Of a target's sessions, as they are now: those that were opened since a moment.
OPENED = """
SELECT count(*) FROM pg_stat_activity
WHERE backend_start > %s AND application_name = %s AND datname = current_database()
"""
TARGETS = {
    "async, dependency": "async",
    "async, by hand": "flaw:manual_session",
    "sync, dependency": "sync",
    "sync, by hand": "flaw:sync_manual_session",
}

CLAIM = Claim(
    number=6,
    name="session_closed",
    says="A session that comes by dependency injection is closed even when the request fails. One that is opened by"
    " hand is not, and its connection is lost to the pool.",
    method=f"A request that fails, a user whose e-mail is taken, is sent {FAILING} times to targets with a pool of"
    f" {POOL}: both twins, whose session is a dependency, and the same with a session that is closed on the last line."
    " After each answer the pool tells how many connections are taken, though no request is under way. Then a request"
    f" is sent that should succeed, and after {PINGS:,} more that need no database the pool is asked again.",
    measure="Connections that are still taken after an answer, and whether the request that should succeed is served."
    " The dependency must leave none, or the claim does not hold. By hand: if any is left at any time, or the last"
    " request fails, the claim holds. If none is, but connections were thrown away and opened anew, the garbage"
    " collector has stood in at once, and the claim holds within that limit; if not even that, it does not hold. No"
    " margin: these are counts.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Send each target requests that fail."""
    for case, name in TARGETS.items():
        yield _tried(run, case, run.target(name))


def _tried(run: Run, case: str, target: Target) -> Observation:
    # with two workers, as it is those that tell of their pools; one connection leads to one of them
    small = replace(target, pool=POOL, threads=POOL, workers=2, variables={**target.variables, **LIMITS})
    log = run.store.log(f"claim-session-closed-{target.name}")
    with ExitStack() as stack:
        gauges = stack.enter_context(temporary_folder("twinbench-gauges-", within=Path(tempfile.gettempdir())))
        opened = open_testbed(run.services, small, log, {GAUGES_VARIABLE: str(gauges)})
        running = stack.enter_context(opened).running
        wait_until_serving(running)
        client = stack.enter_context(Client(running.url, ANSWER_S))
        request = run.workload.request("create_user", 1, uuid4().hex)
        client.send(request)
        ((began,),) = _asked(run, "SELECT clock_timestamp()")
        statuses, taken = [], []
        for _ in range(FAILING):
            statuses.append(client.send(request).status)
            taken.append(running.checked_out() or 0)
        ((anew,),) = _asked(run, OPENED, began, run.workload.database.application_name)
        served = client.send(run.workload.request("create_user", 1, uuid4().hex)).status
        for _ in range(PINGS):
            client.send(run.workload.request("ping", 1))
        later = running.checked_out() or 0
    return seen(
        case,
        "connections",
        {"left at most": max(taken), "left after 1,000 more": later, "opened anew": anew},
        statuses=", ".join(str(status) for status in dict.fromkeys(statuses)),
        **{"last request": str(served)},
    )


def _asked(run: Run, query: str, *words: object) -> list[tuple[Any, ...]]:
    with closing(connect(run.services.postgres.url)) as connection, connection.cursor() as cursor:
        cursor.execute(query, words)
        return cursor.fetchall()


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("sqlalchemy", "fastapi", "asyncpg", "psycopg2-binary"),
    targets=tuple(TARGETS.values()),
    shows=(
        Shown(file="targets/flaws/manual_session.py", names=("create_user",)),
        Shown(file="targets/async_api/session.py", names=("get_session",)),
    ),
)
