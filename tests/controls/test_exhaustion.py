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
from targets.catalog import CATALOG, PROBED, SHORT
from targets.flaws.catalog import SEEN_INSIDE
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
    "flaw:no_pool": "connection_per_request",
    "flaw:engine_disposed": "engine_disposed_per_request",
    "flaw:sync_connect_in_route": "connection_past_pools",
    "flaw:engine_per_request": "engine_per_request",
    "flaw:sync_engine_per_request": "engine_per_request",
    "flaw:connection_thrown_away": "connection_discarded",
    "flaw:asyncpg_second_connection": "second_connection",
    "flaw:second_session": "second_connection",
    "flaw:sync_second_session": "second_connection",
}
# Those that no single client brings to light, with the line that is to be named.
LINES = {
    "flaw:slow_statement": ("targets/flaws/slow_statement.py", "user = await session.scalar(statement)"),
    "flaw:sync_slow_statement": ("targets/flaws/sync_slow_statement.py", "user = session.scalar(statement)"),
    "flaw:threads_beyond_pool": ("targets/sync_api/session.py", "session.connection()"),
    "flaw:no_pool": (
        "targets/flaws/no_pool.py",
        'return create_async_engine(settings.url("asyncpg"), poolclass=NullPool, **options(settings))',
    ),
    "flaw:engine_disposed": ("targets/flaws/engine_disposed.py", "await engine.dispose()"),
    "flaw:sync_connect_in_route": (
        "targets/flaws/sync_connect_in_route.py",
        "return psycopg2.connect(Settings().database_url)",
    ),
    "flaw:engine_per_request": (
        "targets/flaws/engine_per_request.py",
        'engine = create_async_engine(settings.url("asyncpg"), **options(settings))',
    ),
    "flaw:sync_engine_per_request": (
        "targets/flaws/sync_engine_per_request.py",
        "self._engine = make_engine(Settings())",
    ),
    "flaw:connection_thrown_away": ("targets/flaws/connection_thrown_away.py", "await session.invalidate()"),
    "flaw:asyncpg_second_connection": (
        "targets/flaws/asyncpg_second_connection.py",
        "async with pool.acquire(timeout=LONGEST_WAIT_S) as connection:",
    ),
    "flaw:second_session": ("targets/flaws/second_session.py", "await own.commit()"),
    "flaw:sync_second_session": (
        "targets/flaws/sync_second_session.py",
        'return existing(session.get(User, user_id), "user", user_id)',
    ),
}
# Where a request got the connection that it has.
HAS = {
    "flaw:asyncpg_second_connection": "asyncpg_second_connection.py",
    "flaw:second_session": "session.py",
    "flaw:sync_second_session": "sync_second_session.py",
}
SAMPLE = ("sync:small-pool", "sync:few-threads", "flaw:slow_statement", "flaw:sync_second_session")
SOUND = ["afterwards", "by_asyncpg", "lazily", "pre_pinged", "recycled"]  # of tests/controls/sound_connections.py
Judged = Callable[[Target], Finding]


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
    assert found.facts.get("has", "").partition(":")[0] == HAS.get(name, "")


@pytest.mark.parametrize("driver", sampled(["usual", "psycopg"], ["usual"]))
@pytest.mark.parametrize("name", sampled(PROBED, ["sync:probed"]))
def test_a_twin_is_short_of_nothing(name: str, driver: str, judged: Judged) -> None:
    found = judged(PROBED[name] if driver == "usual" else replace(PROBED[name], driver=driver))
    assert found.verdict is Verdict.PASS, found


@pytest.mark.parametrize("app", sampled(SOUND, ["recycled"]))
def test_what_keeps_its_connections_is_accused_of_nothing(app: str, judged: Judged) -> None:
    target = replace(PROBED["async:probed"], app=f"tests.controls.sound_connections:{app}", probes=("pool",))
    found = judged(target)
    assert found.verdict is Verdict.PASS, found


def test_every_target_that_is_short_is_tried() -> None:
    seen_by_pool = {name for name, flaw in SEEN_INSIDE.items() if flaw.target.probes == ("pool",)}
    assert set(NAMES) == {*SHORT, *seen_by_pool}
