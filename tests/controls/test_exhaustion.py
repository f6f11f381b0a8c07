"""Each way to run short of connections or threads, produced on a real target, is called by its own name.

Of what is taken for each other first, a pool, threads and a database, one each is in the suite; ``make test-slow``
tries the others.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.checks.pool import check_pool
from harness.model.findings import Finding
from harness.model.plan import Target
from harness.model.verdict import Verdict
from harness.provision.database import seed
from harness.provision.postgres import Postgres
from targets.catalog import CATALOG, PROBED, SHORT
from targets.flaws.catalog import SEEN_INSIDE
from targets.workload import WORKLOAD
from tests.controls.many_clients import seen_by_many
from tests.evidence import one
from tests.sample import sampled

NAMES = {
    "async:small-pool": "pool_too_small",
    "sync:small-pool": "pool_too_small",
    "sync:few-threads": "too_few_threads",
    "flaw:threads_beyond_pool": "threads_and_connections_deadlocked",
    "flaw:leaked_session": "connections_leak",
    "flaw:held_across_call": "transactions_idle",
    "flaw:sync_leaked_session": "connections_leak",
    "flaw:sync_held_across_call": "transactions_idle",
    "flaw:slow_statement": "database_slow",
    "flaw:sync_slow_statement": "database_slow",
}
# Those that no single client brings to light, with the line that is to be named.
LINES = {
    "flaw:slow_statement": ("targets/flaws/slow_statement.py", "user = await session.scalar(statement)"),
    "flaw:sync_slow_statement": ("targets/flaws/sync_slow_statement.py", "user = session.scalar(statement)"),
    "flaw:threads_beyond_pool": ("targets/sync_api/session.py", "session.connection()"),
}
SAMPLE = ("sync:small-pool", "sync:few-threads", "flaw:slow_statement")
Judged = Callable[[Target], Finding]


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> str:
    """A database with the rows that the operations ask for, which only read."""
    seed(postgres.url, WORKLOAD.database)
    return postgres.url


@pytest.fixture
def judged(url: str, tmp_path: Path) -> Judged:
    """What the check of the pool says of a target whose users are read by sixteen clients at once."""

    def judge(target: Target) -> Finding:
        return one(check_pool(seen_by_many(target, url, tmp_path / "log")))

    return judge


@pytest.mark.parametrize("name", sampled(NAMES, SAMPLE))
def test_it_has_its_name(name: str, judged: Judged) -> None:
    found = judged(CATALOG[name])
    assert (found.verdict, found.code) == (Verdict.FAIL, NAMES[name]), found
    if name in LINES:
        path, line = LINES[name]
        assert found.place is not None
        source = (Path(__file__).parents[2] / path).read_text().splitlines()
        assert (found.place.file, source[found.place.line - 1].strip()) == (Path(path).name, line)


@pytest.mark.parametrize("driver", sampled(["usual", "psycopg"], ["usual"]))
@pytest.mark.parametrize("name", sampled(PROBED, ["sync:probed"]))
def test_a_twin_is_short_of_nothing(name: str, driver: str, judged: Judged) -> None:
    found = judged(PROBED[name] if driver == "usual" else replace(PROBED[name], driver=driver))
    assert found.verdict is Verdict.PASS, found


def test_every_target_that_is_short_is_tried() -> None:
    seen_by_pool = {name for name, flaw in SEEN_INSIDE.items() if flaw.target.probes == ("pool",)}
    assert set(NAMES) == {*SHORT, *seen_by_pool}
