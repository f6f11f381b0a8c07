"""Claim 9: a missing await raises no immediate error in development."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from uuid import uuid4

from harness.experiments.base import Run
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.load.single_client import Client
from harness.model.claims import Claim, Observation, seen
from harness.provision.postgres import connect
from harness.provision.target import wait_until_serving
from harness.provision.testbed import open_testbed

SOUND, FLAWED = "async", "flaw:missing_await"
ANSWER_S = 10.0
WARNING = "was never awaited"

CLAIM = Claim(
    number=9,
    name="missing_await",
    says="A missing await raises no immediate error during development.",
    method="One request that writes a user is sent to the async twin, and to the same with a commit that is called and"
    " not awaited. Then the rows that carry its key are counted, and the lines of the application's log that speak of"
    " a coroutine that was never awaited.",
    measure="The status of the answer and the rows stored. The claim holds if the flawed one answers with success and"
    " stores nothing, and does not hold if it answers with an error. If it logs no warning either, nothing at all tells"
    " of it. The twin must answer with success and store its rows, or the experiment is wrong. No margin: these are"
    " counts.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Send each of them one request."""
    for name in (SOUND, FLAWED):
        key, log = uuid4().hex, run.store.log(f"claim-missing-await-{name}")
        with open_testbed(run.services, run.target(name), log) as testbed:
            wait_until_serving(testbed.running)
            with Client(testbed.running.url, ANSWER_S) as client:
                answer = client.send(run.workload.request("create_user", 1, key))
        warnings = sum(WARNING in line for line in log.read_text(errors="replace").splitlines())
        yield seen(name, "rows", {"stored": _stored(run, key)}, status=str(answer.status))
        yield seen(name, "lines", {"warnings": warnings})


def _stored(run: Run, key: str) -> int:
    with closing(connect(run.services.postgres.url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM users WHERE write_key = %s", (key,))
        (count,) = cursor.fetchone() or (0,)
        return int(count)


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("sqlalchemy", "asyncpg", "fastapi"),
    targets=(SOUND, FLAWED),
    shows=(Shown(file="targets/flaws/missing_await.py", names=("create_user",)),),
)
