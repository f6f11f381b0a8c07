"""The database's content: made by migration alone, seeded, and brought back to the seed before each block."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from harness.errors import HarnessError
from harness.model import Ledger
from harness.provision.postgres import connect

ROOT = Path(__file__).parents[2]
TABLES = ("users", "posts", "audit_log")


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


def seed(url: str, *, users: int, posts_per_user: int) -> None:
    """Empty all tables and write the seed: users 1 to ``users``, each with its posts.

    Seeded rows carry a write key of zeros, which no client uses.
    """
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY")
        cursor.execute(
            "INSERT INTO users (name, email, write_key)"
            " SELECT 'Seed ' || n, 'seed' || n || '@example.com', repeat('0', 32)"
            " FROM generate_series(1, %s) n",
            (users,),
        )
        cursor.execute(
            "INSERT INTO posts (user_id, title, body, write_key)"
            " SELECT u, 'Post ' || p || ' of ' || u, repeat('x', 200), repeat('0', 32)"
            " FROM generate_series(1, %s) u, generate_series(1, %s) p",
            (users, posts_per_user),
        )
        cursor.execute(f"VACUUM ANALYZE {', '.join(TABLES)}")


def read_ledger(url: str, key_prefix: str) -> Ledger:
    """Count the rows per table of every write key that begins with ``key_prefix``."""
    rows: dict[str, dict[str, int]] = {}
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"SELECT write_key, count(*) FROM {table} WHERE write_key LIKE %s GROUP BY write_key",  # noqa: S608 - a name of TABLES
                (f"{key_prefix}%",),
            )
            rows[table] = dict(cursor.fetchall())
    return Ledger(rows=rows)


def reset_statement_counts(url: str) -> None:
    """Set PostgreSQL's own count of statements to nothing."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_statements_reset()")


def statement_count(url: str) -> int:
    """Statements that PostgreSQL has run in this database since the reset, its own bookkeeping left out."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements"
            " WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND query NOT LIKE '%pg_stat_statements%'"
        )
        row = cursor.fetchone()
        return int(row[0]) if row else 0
