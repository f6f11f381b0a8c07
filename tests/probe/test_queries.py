"""Statements as the probe counts them are those that PostgreSQL counts, by any route, of many requests at once."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.model.evidence import Window
from harness.probe.request_sampling import MOST_VARIABLE
from harness.provision.postgres import connect
from harness.provision.target import target_process, wait_until_serving
from targets.catalog import TWINS
from targets.workload import WORKLOAD
from tests.contract.test_alike import REQUESTS, normal
from tests.fix_twins import ON_DRIVERS
from tests.sample import sampled

AT_ONCE = 8
APART_S = 0.1  # between two rounds: a request is noted after its client has its answer
ALL = {MOST_VARIABLE: "1000000"}  # as a slow machine takes requests for many when they are not
TRANSACTIONS = {"BEGIN", "COMMIT", "ROLLBACK"}


def counted(url: str) -> int:
    """Statements that PostgreSQL executed since it was asked last, but for what opens and ends transactions."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT query, calls FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'")
        calls = sum(calls for query, calls in cursor.fetchall() if normal(query) not in TRANSACTIONS)
        cursor.execute("SELECT pg_stat_statements_reset()")
        return calls


@pytest.mark.parametrize("twin", sampled(ON_DRIVERS, TWINS))
def test_they_are_as_many_as_postgresql_counts(twin: str, postgres_seed: Callable[[], str], tmp_path: Path) -> None:
    url = postgres_seed()
    target = replace(ON_DRIVERS[twin], probes=("queries",))
    windows: dict[str, Window] = {}
    calls: dict[str, int] = {}

    async def ask_all(base_url: str) -> None:
        async with httpx.AsyncClient(base_url=base_url, timeout=30) as client:
            await client.get("/api/v1/healthz")  # SQLAlchemy asks once what server it speaks to
            counted(url)
            for name, request in REQUESTS.items():
                start_ns = time.monotonic_ns()
                await asyncio.gather(*(request(client, n) for n in range(1, AT_ONCE + 1)))  # type: ignore[call-overload]  # each returns an awaitable
                await asyncio.sleep(APART_S)
                calls[name] = counted(url)
                windows[name] = Window(start_ns=start_ns, end_ns=time.monotonic_ns())

    with target_process(WORKLOAD, target, url, tmp_path / "log", environment=ALL) as running:
        wait_until_serving(running)
        asyncio.run(ask_all(running.url))
        whole = Window(start_ns=min(w.start_ns for w in windows.values()), end_ns=time.monotonic_ns())
        samples = running.probed(whole)
    metrics = {(sample.probe, sample.metric) for sample in samples}
    assert metrics - {("queries", "sent_from")} == {("queries", "statements")}  # no probe has failed
    noted = {
        name: [s.value for s in samples if s.metric == "statements" and window.start_ns <= s.t_ns < window.end_ns]
        for name, window in windows.items()
    }
    assert {name: len(values) for name, values in noted.items()} == dict.fromkeys(REQUESTS, AT_ONCE)
    assert {name: sum(values) for name, values in noted.items()} == calls
    assert sum(calls.values()) > len(REQUESTS) * AT_ONCE


@pytest.fixture(scope="module")
def told() -> list[dict[str, Any]]:
    """What the probe tells of requests to the application of ``plant_answers.py``."""
    plant = Path(__file__).parent / "plant_answers.py"
    done = subprocess.run([sys.executable, str(plant)], check=True, capture_output=True, text=True)
    samples: list[dict[str, Any]] = json.loads(done.stdout)
    return samples


def test_what_an_answer_loads_lazily_is_told_at_the_route_if_no_line_of_the_application_is_on_the_stack(
    told: list[dict[str, Any]],
) -> None:
    """FastAPI makes the answer when the function has returned."""
    (sent_from,) = [sample for sample in told if sample["metric"] == "sent_from"]
    file, line, function = sent_from["call_site"]
    assert (sent_from["value"], sent_from["fix"]) == (3, "selectinload(Author.books)")
    assert (file, function) == ("plant_answers.py", "list_authors")
    lines = (Path(__file__).parent / "plant_answers.py").read_text().splitlines()
    assert "list_authors" in "".join(lines[line - 1 : line + 1])


def test_an_answer_shows_no_more_values_than_it_has_separators_and_one(told: list[dict[str, Any]]) -> None:
    values = {sample["route"]: sample["values"] for sample in told if sample["metric"] == "statements"}
    assert values == {"GET /authors": 9, "GET /lines": 6, "GET /list": 3, "GET /csv": None}
