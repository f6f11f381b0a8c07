"""The database's content: seeded, brought back to the seed before each block, and read when all is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing, suppress

from psycopg2.errors import LockNotAvailable
from psycopg2.sql import SQL, Identifier

from harness.model.ledger import Effects, Fact, Ledger
from harness.model.workload import Database, Workload
from harness.provision.postgres import connect

# Of each column of a table whose values are numbered: identity, or a default of nextval.
_NUMBERED = """
SELECT pg_get_serial_sequence(quote_ident(table_name), column_name) FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = ANY(%s)
  AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL
"""


def seed(url: str, database: Database) -> None:
    """Empty all tables and write the seed."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        database.seed(cursor, database.sizes)
        cursor.execute(SQL("VACUUM ANALYZE {}").format(SQL(", ").join(map(Identifier, database.tables))))


def restore(url: str, database: Database) -> None:
    """Write again what operations have taken away of the seed.

    Where a session that was left in a transaction holds some of it, all stays away: to wait for it would be for ever.
    """
    if database.restore is None:
        return
    with closing(connect(url)) as connection, connection.cursor() as cursor, suppress(LockNotAvailable):
        cursor.execute("SET lock_timeout = '1s'")
        database.restore(cursor, database.sizes)


def restart_ids(url: str, database: Database, first: int) -> None:
    """Let new rows be numbered from ``first`` on: in one width, so that what tells of them is as long every time."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(_NUMBERED, (list(database.tables),))
        for (sequence,) in cursor.fetchall():
            cursor.execute("SELECT setval(%s, %s, false)", (sequence, first))


def count_rows(url: str, database: Database) -> dict[str, int]:
    """Count the rows of each table."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        counts = {}
        for table in database.tables:
            cursor.execute(SQL("SELECT count(*) FROM {}").format(Identifier(table)))
            (counts[table],) = cursor.fetchone() or (0,)
        return counts


def wait_until_settled(url: str, database: Database, timeout_s: float = 30.0) -> int:
    """Wait until no session of a target is in a transaction; return how many still were when time was up."""
    return _wait(url, database, "xact_start IS NOT NULL", lambda count: count == 0, timeout_s)


def wait_until_writing(url: str, database: Database, timeout_s: float) -> int:
    """Return how many sessions of a target have written and not committed, as soon as any has; 0 if none in time."""
    return _wait(url, database, "backend_xid IS NOT NULL", lambda count: count > 0, timeout_s)


def _wait(url: str, database: Database, condition: str, enough: Callable[[int], bool], timeout_s: float) -> int:
    """Count a target's sessions of which a condition holds, until there are enough or time is up."""
    query = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND {condition}"  # noqa: S608 - our own
    deadline = time.monotonic() + timeout_s
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        while True:
            cursor.execute(query, (database.application_name,))
            (found,) = cursor.fetchone() or (0,)
            if enough(found) or time.monotonic() > deadline:
                return int(found)
            time.sleep(0.005)


def read_ledger(url: str, workload: Workload, key_prefix: str) -> Ledger:
    """Count the rows per table of every write key that begins with ``key_prefix``, and read the invariants."""
    database = workload.database
    rows: dict[str, dict[str, int]] = {}
    facts: dict[str, Fact] = {}
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        for table in database.tables if database.key_column else ():
            key = Identifier(database.key_column)
            query = SQL("SELECT {0}, count(*) FROM {1} WHERE {0} LIKE %s GROUP BY {0}").format(key, Identifier(table))
            cursor.execute(query, (f"{key_prefix}%",))
            rows[table] = dict(cursor.fetchall())
        for invariant in database.invariants:
            cursor.execute(invariant.query, dict(database.sizes))
            (value,) = cursor.fetchone() or (0,)
            facts[invariant.name] = Fact(value=int(value), expected=invariant.expected(database.sizes))
    return Ledger(rows=rows, facts=facts, effects=Effects.of(workload))


def reset_statement_counts(url: str) -> None:
    """Set PostgreSQL's own count of statements to nothing."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_statements_reset()")


def statement_count(url: str, like: str = "%") -> int:
    """Statements that PostgreSQL has run in this database since the reset, its own bookkeeping left out.

    ``like`` is a pattern of SQL that their text must meet.
    """
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements"
            " WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND query NOT LIKE '%%pg_stat_statements%%' AND query LIKE %s",
            (like,),
        )
        row = cursor.fetchone()
        return int(row[0]) if row else 0
