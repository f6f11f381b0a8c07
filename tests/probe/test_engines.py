"""Engines and connections are counted by the line that makes them, and past any pool by each driver's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.provision.postgres import Postgres

PLANT = Path(__file__).parent / "plant_engines.py"
REQUESTS = 3
# What is told of the line in which function: counts, and how many connections are open. Once it was asked before, too.
OF_ENGINES = {
    "by_a_pool": ("make", {"made": 0, "disposed": 0, "handed_out": REQUESTS, "opened": 1, "open": 1}),
    "by_no_pool": ("make", {"made": 0, "disposed": 0, "handed_out": REQUESTS, "opened": REQUESTS + 1, "open": 0}),
    "by_what_is_disposed_of": (
        "make",
        {"made": 0, "disposed": REQUESTS, "handed_out": REQUESTS, "opened": REQUESTS + 1, "open": 0},
    ),
}
# How many connections requests keep from their pool, and how many are only left to the garbage collector: whether a
# request had these is not known.
KEPT_BACK = {
    "by_what_is_invalidated": ("make", {"discarded": REQUESTS, "forgotten": 0}),
    "by_what_is_detached": ("make", {"discarded": REQUESTS, "forgotten": 0}),
    "by_what_nobody_gives_back": ("asynchronous", {"discarded": REQUESTS + 1, "forgotten": REQUESTS + 1}),
}
CLOSED = {"made": 0, "handed_out": REQUESTS, "opened": REQUESTS, "open": 0}
PAST_POOLS = {
    "by_asyncpg": ("by_asyncpg", CLOSED),
    "by_psycopg": ("by_psycopg", CLOSED),
    "by_psycopg_in_a_thread": ("connect", CLOSED),
    "by_psycopg2": ("by_psycopg2", CLOSED),
    "by_psycopg2_that_is_kept": ("by_psycopg2_that_is_kept", {**CLOSED, "open": REQUESTS}),
}


def lines(url: str, case: str) -> dict[str, dict[str, object]]:
    """What is told of each line, by its function."""
    done = subprocess.run([sys.executable, str(PLANT), url, case], check=True, capture_output=True, text=True)
    return {line["call_site"][2]: line for line in json.loads(done.stdout)}


@pytest.mark.parametrize("case", OF_ENGINES)
def test_what_comes_of_an_engine_is_told_with_the_line_that_makes_it(case: str, postgres: Postgres) -> None:
    function, counts = OF_ENGINES[case]
    told = lines(postgres.url, case)
    assert set(told) == {function}
    assert told[function].items() >= {"kind": "engine", **counts}.items()
    assert isinstance(took_s := told[function]["opening_s"], float)
    assert took_s > 0
    disposes = told[function]["disposes"]
    assert (disposes[2] if isinstance(disposes, list) else "") == (case if counts["disposed"] else "")


def test_of_engines_that_requests_make_by_what_makes_the_first_their_own_line_is_told(postgres: Postgres) -> None:
    told = lines(postgres.url, "by_an_engine_of_its_own")
    own = {"made": REQUESTS, "handed_out": REQUESTS, "opened": REQUESTS, "open": REQUESTS}
    assert told["by_an_engine_of_its_own"].items() >= own.items()
    assert told["make"].items() >= dict.fromkeys(own, 0).items()


@pytest.mark.parametrize("case", KEPT_BACK)
def test_what_requests_keep_from_their_pool_is_told_with_their_line(case: str, postgres: Postgres) -> None:
    function, counts = KEPT_BACK[case]
    told = lines(postgres.url, case)[function]
    assert told.items() >= {**counts, "opened": REQUESTS + 1}.items()
    assert (told["keeps"], told["renewed_after_s"]) == (5, -1)
    assert isinstance(discards := told["discards"], list)
    assert discards[2] == case


@pytest.mark.parametrize("case", PAST_POOLS)
def test_a_connection_past_any_pool_is_told_with_its_line_where_a_request_opens_it(
    case: str, postgres: Postgres
) -> None:
    function, counts = PAST_POOLS[case]
    told = lines(postgres.url, case)[function]
    assert told.items() >= {"kind": "driver", **counts}.items()
    assert isinstance(took_s := told["opening_s"], float)
    assert took_s > 0
