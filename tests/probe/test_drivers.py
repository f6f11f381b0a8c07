"""What is sent past SQLAlchemy is counted once, as what goes through it is; so are rows in parts, and threads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.provision.database import seed
from harness.provision.postgres import Postgres
from tests.fix_postgres import SMALL

PLANT = Path(__file__).parent / "plant_drivers.py"
# Calls and rows by form: five users, a count for each, and for most an ``executemany``.
ONCE_A_ROW = [[1, 5], [5, 5]]
COUNTED = {
    "of_psycopg2": ONCE_A_ROW,
    "of_psycopg2_by_kinds_of_its_own": [[3, 15]],
    "of_psycopg2_that_composes": ONCE_A_ROW,
    "of_psycopg": [*ONCE_A_ROW, [1, 0]],
    "of_psycopg_by_a_cursor_in_the_database": ONCE_A_ROW,
    "of_psycopg_in_a_pipeline": [[1, 5], [1, 0]],
    "of_asyncpg": [*ONCE_A_ROW, [1, 0]],
    "of_asyncpg_prepared": ONCE_A_ROW,
    "of_psycopg2_by_sqlalchemy": ONCE_A_ROW,
    "of_psycopg_by_sqlalchemy": ONCE_A_ROW,
    "of_asyncpg_by_sqlalchemy": [[2, 10]],
    "of_a_connection_of_its_own": [[1, 5]],
    "of_threads": [[4, 4]],
    "of_a_stream": [[3, 60]],
    "of_a_stream_of_psycopg": [[3, 60]],
    "of_a_stream_of_asyncpg": [[1, 20]],
}


@pytest.fixture(scope="module")
def counted(postgres: Postgres) -> dict[str, list[list[int]]]:
    """By case, the calls and rows of each form in order of first sending."""
    seed(postgres.url, SMALL)
    done = subprocess.run([sys.executable, str(PLANT), postgres.url], check=True, capture_output=True, text=True)
    told: dict[str, list[list[int]]] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("case", COUNTED)
def test_statements_are_counted_once_whoever_sends_them(case: str, counted: dict[str, list[list[int]]]) -> None:
    assert counted[case] == COUNTED[case]


def test_every_case_is_counted(counted: dict[str, list[list[int]]]) -> None:
    assert set(counted) == set(COUNTED)
