"""What PostgreSQL tells of sessions that wait for locks, and that the application's probe tells statements alike."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from harness.model.evidence import Sample
from harness.probe.standing import beginning_of
from harness.provision.meter import BEGINNING, SessionMeter
from harness.provision.postgres import Postgres

STATEMENTS = (
    "UPDATE users SET credits=(users.credits + $1::INTEGER) WHERE users.id = $2::BIGINT",
    "UPDATE users SET name=%(name)s WHERE id = 7",
    "\n        SELECT pg_advisory_xact_lock(:key)\n    ",
    "SELECT 'it''s' FROM users",
    "LOCK TABLE users",
    'INSERT INTO "Ürsula" (a, b) VALUES (?, ?)',
    "SELECT " + ", ".join(f"users.{'abcdefgh'[number % 8] * 9}" for number in range(60)),
    "",
)


@pytest.fixture
def rows(postgres: Postgres) -> Iterator[str]:
    """A database with a table of two rows."""
    with closing(psycopg2.connect(postgres.url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE counted (id int PRIMARY KEY, n int)")
        cursor.execute("INSERT INTO counted VALUES (1, 0), (2, 0)")
    yield postgres.url
    with closing(psycopg2.connect(postgres.url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE counted")


def blocked(url: str, held: str, wanted: str) -> list[Sample]:
    """What is told while a session waits with ``wanted`` for what another has taken by ``held``."""

    def ask() -> None:
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute(wanted)

    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(held)
        asks = threading.Thread(target=ask)
        with SessionMeter(url) as meter:
            asks.start()
            time.sleep(0.6)
        connection.rollback()
    asks.join()
    return [one for one in meter.samples() if one.metric == "blocked"]


@pytest.mark.parametrize(
    ("held", "wanted", "lock", "statement"),
    [
        (
            "UPDATE counted SET n = n + 1 WHERE id = 1",
            "UPDATE counted SET n = n + 1 WHERE id = 1",
            "transactionid",
            "UPDATE counted SET n = n +",
        ),
        (
            "SELECT pg_advisory_xact_lock(7)",
            "SELECT pg_advisory_xact_lock(7)",
            "advisory",
            "SELECT pg_advisory_xact_lock(",
        ),
        ("LOCK TABLE counted", "SELECT n FROM counted", "relation", "SELECT n FROM counted"),
    ],
)
def test_a_session_that_waits_for_a_lock_is_told_with_its_statement(
    held: str, wanted: str, lock: str, statement: str, rows: str
) -> None:
    seen = blocked(rows, held, wanted)
    assert seen
    assert {(one.probe, one.value, *one.labels.values()) for one in seen} == {("sessions", 1, lock, statement)}


def test_rows_of_their_own_block_nobody(rows: str) -> None:
    assert not blocked(rows, "UPDATE counted SET n = 1 WHERE id = 1", "UPDATE counted SET n = 1 WHERE id = 2")


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_beginning_is_the_same_in_the_application_and_in_the_database(statement: str, postgres: Postgres) -> None:
    with closing(psycopg2.connect(postgres.url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {BEGINNING} FROM (SELECT %s AS query) AS one", (statement,))  # noqa: S608 - our own
        (told,) = cursor.fetchone() or ("",)
    assert told == beginning_of(statement)


def test_no_value_is_told() -> None:
    told = [beginning_of(statement) for statement in STATEMENTS]
    assert told[:4] == [
        "UPDATE users SET credits=(users.credits +",
        "UPDATE users SET name=",
        "SELECT pg_advisory_xact_lock(",
        "SELECT",
    ]
    assert len(told[6]) == 200
