"""What is in the database of the users/posts API: made by migration alone, seeded, and what must always hold of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import HarnessError
from harness.model.workload import Database, Invariant, Sizes
from targets.operations import POSTS_PER_USER, USERS

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a type

ROOT = Path(__file__).parents[1]
TABLES = ("users", "posts", "audit_log", "transfers", "replays")
CREDITS = 500_000  # far from a number of more or fewer digits, whatever is moved
INVARIANTS = (
    Invariant(
        name="credits",
        query="SELECT coalesce(sum(credits), 0) FROM users",
        expected=lambda sizes: _holders(sizes) * CREDITS,
    ),
    Invariant(
        name="users out of balance",
        query=f"""
        WITH moved AS (
            SELECT user_id, sum(credits) AS credits
            FROM (SELECT to_user_id AS user_id, credits FROM transfers
                  UNION ALL SELECT from_user_id, -credits FROM transfers) legs
            GROUP BY user_id)
        SELECT count(*) FROM users LEFT JOIN moved ON moved.user_id = users.id
        WHERE users.credits <> CASE WHEN users.id <= %(users)s / 2 THEN {CREDITS} ELSE 0 END
                               + coalesce(moved.credits, 0)
        """,  # noqa: S608 - a number of our own
    ),
    Invariant(
        name="posts of no user",
        query="SELECT count(*) FROM posts LEFT JOIN users ON users.id = user_id WHERE users.id IS NULL",
    ),
)
_USERS = (
    "INSERT INTO users (id, name, email, credits, write_key)"
    " SELECT n, 'Seed ' || n, 'seed' || n || '@example.com', CASE WHEN n <= %s THEN %s ELSE 0 END, repeat('0', 32)"
    " FROM generate_series(%s, %s) n"
)


def migrate(url: str) -> None:
    """Bring an empty database to the newest schema with Alembic.

    Raises:
        HarnessError: A migration failed; the error names Alembic's.
    """
    command = (sys.executable, "-m", "alembic", "upgrade", "head")
    variables = {**os.environ, "TWIN_DATABASE_URL": url}  # among the arguments, every user could read its password
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        # the line that names the exception; statement, parameters and a link come after it
        named = [line for line in done.stderr.splitlines() if "Error" in line and not line.startswith(" ")]
        raise HarnessError(
            f"The migration to head failed: {(named or ['it said nothing'])[-1]}",
            "Run 'alembic upgrade head' by hand, with the database's URL in TWIN_DATABASE_URL",
        )


def seed(cursor: Cursor, sizes: Sizes) -> None:
    """Empty all tables and write the seed: users from 1 on, each with its posts.

    The first half of the users hold ``CREDITS`` each, and the others none. Seeded rows carry a write key
    of zeros, which no client uses.
    """
    users, posts = sizes["users"], sizes["posts_per_user"]
    cursor.execute(f"TRUNCATE {', '.join(TABLES)} RESTART IDENTITY")
    cursor.execute(_USERS, (_holders(sizes), CREDITS, 1, users))
    cursor.execute("SELECT setval(pg_get_serial_sequence('users', 'id'), %s)", (users,))
    cursor.execute(
        "INSERT INTO posts (user_id, title, body, write_key)"
        " SELECT u, 'Post ' || p || ' of ' || u, repeat('x', 200), repeat('0', 32)"
        " FROM generate_series(1, %s) u, generate_series(1, %s) p",
        (users, posts),
    )


def restore(cursor: Cursor, sizes: Sizes) -> None:
    """Write those of the seed's users again who hold no credits and have been removed, without posts."""
    holders = _holders(sizes)
    cursor.execute(f"{_USERS} ON CONFLICT DO NOTHING", (holders, CREDITS, holders + 1, sizes["users"]))


def _holders(sizes: Sizes) -> int:
    return sizes["users"] // 2


DATABASE = Database(
    tables=TABLES,
    application_name="twin",
    migrate=migrate,
    seed=seed,
    sizes={"users": USERS, "posts_per_user": POSTS_PER_USER},
    restore=restore,
    key_column="write_key",
    invariants=INVARIANTS,
)
