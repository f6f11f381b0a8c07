"""The schema comes from migrations alone, and they say what the models say."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from harness.errors import HarnessError
from harness.provision.postgres import Postgres, connect, postgres_at
from targets.content import ROOT, migrate


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[str]:
    """A database with nothing in it, on the session's server."""
    with postgres_at(postgres.url) as own:
        yield own.url


def alembic(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Alembic as a person would."""
    argv = [sys.executable, "-m", "alembic", "-x", f"url={url}", *words]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)


def tables(url: str) -> set[str]:
    """Tables of the application."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in cursor.fetchall()} - {"alembic_version"}


def test_up_down_and_up_again(empty: str) -> None:
    for words, expected in (
        (("upgrade", "head"), {"users", "posts", "audit_log", "transfers", "replays"}),
        (("downgrade", "base"), set()),
        (("upgrade", "head"), {"users", "posts", "audit_log", "transfers", "replays"}),
    ):
        done = alembic(empty, *words)
        assert done.returncode == 0, done.stderr
        assert tables(empty) == expected


def test_models_and_migrations_have_not_drifted(empty: str) -> None:
    migrate(empty)
    done = alembic(empty, "check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_drift_is_seen(empty: str) -> None:
    migrate(empty)
    with closing(connect(empty)) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE users DROP CONSTRAINT uq_users_email")
    assert alembic(empty, "check").returncode != 0


def test_a_migration_that_fails_is_one_line(empty: str) -> None:
    with closing(connect(empty)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE users (id int)")
    with pytest.raises(HarnessError, match="already exists"):
        migrate(empty)


def test_it_is_the_library_that_is_imported_beside_the_folder_of_its_name() -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import alembic; print(alembic.__version__)"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert found.returncode == 0
