"""The database's content: made by migration alone, seeded, and brought back to the seed before each block."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

from psycopg2.errors import LockNotAvailable

from harness.errors import HarnessError
from harness.model.evidence import Ledger
from harness.provision.postgres import connect

ROOT = Path(__file__).parents[2]
TABLES = ("users", "posts", "audit_log", "transfers", "replays")
CREDITS = 500_000  # far from a number of more or fewer digits, whatever is moved


# What must hold over whole tables; "holders" is how many users were seeded with CREDITS each.
FACTS = {
    "credits": "SELECT coalesce(sum(credits), 0) FROM users",
    "users_out_of_balance": """
        WITH moved AS (
            SELECT user_id, sum(credits) AS credits
            FROM (SELECT to_user_id AS user_id, credits FROM transfers
                  UNION ALL SELECT from_user_id, -credits FROM transfers) legs
            GROUP BY user_id)
        SELECT count(*) FROM users LEFT JOIN moved ON moved.user_id = users.id
        WHERE users.credits <> CASE WHEN users.id <= %(holders)s THEN %(each)s ELSE 0 END + coalesce(moved.credits, 0)
    """,
    "posts_of_no_user": "SELECT count(*) FROM posts LEFT JOIN users ON users.id = user_id WHERE users.id IS NULL",
    "sessions_in_transaction": (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'twin' AND xact_start IS NOT NULL"
    ),
}


def migrate(url: str) -> None:
    """Bring an empty database to the newest schema with Alembic.

    Raises:
        HarnessError: A migration failed; the error names Alembic's.
    """
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "-x", f"url={url}", "upgrade", "head"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        # the line that names the exception; statement, parameters and a link come after it
        named = [line for line in done.stderr.splitlines() if "Error" in line and not line.startswith(" ")]
        raise HarnessError(
            f"The migration to head failed: {(named or ['it said nothing'])[-1]}",
            "Run 'alembic upgrade head' by hand",
        )


_USERS = (
    "INSERT INTO users (id, name, email, credits, write_key)"
    " SELECT n, 'Seed ' || n, 'seed' || n || '@example.com', CASE WHEN n <= %s THEN %s ELSE 0 END, repeat('0', 32)"
    " FROM generate_series(%s, %s) n"
)


def seed(url: str, *, users: int, posts_per_user: int) -> None:
    """Empty all tables and write the seed: users 1 to ``users``, each with its posts.

    The first half of the users hold ``CREDITS`` each, and the others none. Seeded rows carry a write key
    of zeros, which no client uses.
    """
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY")
        cursor.execute(_USERS, (users // 2, CREDITS, 1, users))
        cursor.execute("SELECT setval(pg_get_serial_sequence('users', 'id'), %s)", (users,))
        cursor.execute(
            "INSERT INTO posts (user_id, title, body, write_key)"
            " SELECT u, 'Post ' || p || ' of ' || u, repeat('x', 200), repeat('0', 32)"
            " FROM generate_series(1, %s) u, generate_series(1, %s) p",
            (users, posts_per_user),
        )
        cursor.execute(f"VACUUM ANALYZE {', '.join(TABLES)}")


def put_back_removed(url: str, *, users: int) -> None:
    """Write those of the seed's users again who hold no credits and have been removed, without posts.

    Where a session that was left in a transaction holds one of them, all stay away: to wait for it would be for ever.
    """
    with closing(connect(url)) as connection, connection.cursor() as cursor, suppress(LockNotAvailable):
        cursor.execute("SET lock_timeout = '1s'")
        cursor.execute(f"{_USERS} ON CONFLICT DO NOTHING", (users // 2, CREDITS, users // 2 + 1, users))


def restart_ids(url: str, first: int) -> None:
    """Let new rows have ids from ``first`` on: of one width, so that what tells of them is as long every time."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ALTER COLUMN id RESTART WITH {int(first)}")


def wait_until_settled(url: str, timeout_s: float = 30.0) -> int:
    """Wait until no session of a target is in a transaction; return how many still were when time was up."""
    deadline = time.monotonic() + timeout_s
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'twin' AND xact_start IS NOT NULL"
            )
            (open_now,) = cursor.fetchone() or (0,)
            if not open_now or time.monotonic() > deadline:
                return int(open_now)
            time.sleep(0.02)


def read_ledger(url: str, key_prefix: str, users: int) -> Ledger:
    """Count the rows per table of every write key that begins with ``key_prefix``, and read the facts.

    Args:
        url: Straight to PostgreSQL.
        key_prefix: What the keys of the writes in question begin with.
        users: How many the seed wrote.
    """
    holders = users // 2
    rows: dict[str, dict[str, int]] = {}
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"SELECT write_key, count(*) FROM {table} WHERE write_key LIKE %s GROUP BY write_key",  # noqa: S608 - a name of TABLES
                (f"{key_prefix}%",),
            )
            rows[table] = dict(cursor.fetchall())
        facts = {}
        for name, query in FACTS.items():
            cursor.execute(query, {"holders": holders, "each": CREDITS})
            (value,) = cursor.fetchone() or (0,)
            facts[name] = int(value)
    return Ledger(rows=rows, facts={**facts, "credits_owed": holders * CREDITS})


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
