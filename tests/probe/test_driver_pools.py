"""Who holds a connection of a pool of asyncpg's, and who waits for one, as a real pool has it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.provision.postgres import Postgres

PLANT = Path(__file__).parent / "plant_driver_pools.py"
Told = dict[str, dict[str, Any]]


def told(url: str, case: str) -> Told:
    """What was told last, by metric."""
    done = subprocess.run([sys.executable, str(PLANT), url, case], check=True, capture_output=True, text=True)
    found: Told = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("case", "phase", "count", "function"),
    [("holds", "elsewhere", 2, "holds"), ("asks", "database", 1, "asks"), ("keeps", "over", 1, "keeps")],
)
def test_what_has_a_connection_is_seen_where_it_stands(
    case: str, phase: str, count: int, function: str, postgres: Postgres
) -> None:
    seen = told(postgres.url, case)["in_use"]
    assert seen["value"] == seen[phase] == count
    assert seen["asks" if phase == "database" else "call_site"][2] == function


def test_who_waits_for_one_is_counted_with_how_many_there_may_be(postgres: Postgres) -> None:
    waiting = told(postgres.url, "holds")["waiting"]
    assert (waiting["connection"], waiting["full"], waiting["capacity"]) == (1, 1, 2)
    assert told(postgres.url, "asks")["waiting"]["full"] == 0


def test_who_has_one_and_asks_for_another_is_seen_with_both_lines(postgres: Postgres) -> None:
    seen = told(postgres.url, "asks_twice")
    assert seen["in_use"]["connection"] == seen["waiting"]["full"] == 2
    another, has = seen["in_use"]["another"], seen["in_use"]["has"]
    assert (another[2], has[2]) == ("asks_twice", "asks_twice")
    assert another[1] > has[1]
    assert seen["timed_out"]["value"] == 1


def test_what_was_given_back_is_nobodys(postgres: Postgres) -> None:
    assert told(postgres.url, "gives_back")["in_use"]["value"] == 0
