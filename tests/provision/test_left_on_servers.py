"""What a run puts on servers of others is gone when it ends, also when it is killed."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest

from harness.provision import reaper
from harness.provision.http_connection import get
from harness.provision.postgres import Postgres, connect
from harness.provision.processes import undone_if_killed
from harness.provision.toxiproxy import ToxiproxyServer

# A run in small: a database and a proxy on servers of others, and a setting of theirs.
RUN = """
import sys, time
from harness.provision.postgres import connect, postgres_at
from harness.provision.processes import undone_if_killed
from harness.provision.toxiproxy import toxiproxy_at
with postgres_at(sys.argv[1]) as postgres, toxiproxy_at(sys.argv[2]) as toxiproxy:
    back = ["ALTER SYSTEM RESET deadlock_timeout", "SELECT pg_reload_conf()"]
    with undone_if_killed(postgres=postgres.url, statements=back), toxiproxy.link("x", postgres.address):
        connect(postgres.url).cursor().execute("ALTER SYSTEM SET deadlock_timeout = 777")
        print("there", flush=True)
        time.sleep(600)
"""


def on_them(postgres: Postgres, toxiproxy: ToxiproxyServer) -> set[str]:
    """What of runs is on the servers."""
    with closing(connect(postgres.url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'twinbench\\_%'")
        databases = {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT setting FROM pg_file_settings WHERE name = 'deadlock_timeout'")
        settings = {value for (value,) in cursor.fetchall()}
    return {*databases, *settings, *json.loads(get(f"{toxiproxy.url}/proxies", 5).body)}


@contextmanager
def running(postgres: Postgres, toxiproxy: ToxiproxyServer) -> Iterator["subprocess.Popen[str]"]:
    argv = [sys.executable, "-c", RUN, postgres.url, toxiproxy.url]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as run:
        try:
            assert run.stdout is not None
            assert run.stdout.readline() == "there\n"
            yield run
        finally:
            run.kill()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_leaves_nothing_on_them(
    end: signal.Signals, postgres: Postgres, toxiproxy: ToxiproxyServer
) -> None:
    before = on_them(postgres, toxiproxy)
    with running(postgres, toxiproxy) as run:
        assert len(on_them(postgres, toxiproxy) - before) == 3
        run.send_signal(end)
        run.wait()
        deadline = time.monotonic() + 30
        while on_them(postgres, toxiproxy) != before and time.monotonic() < deadline:
            time.sleep(0.05)
    assert on_them(postgres, toxiproxy) == before


def test_what_was_taken_away_in_order_is_not_taken_away_again(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, object]] = []
    pipe = type("Pipe", (), {"tell": lambda _self, **fact: told.append(fact)})()
    monkeypatch.setattr("harness.provision.processes._reaper", lambda: pipe)

    def owed() -> int:
        return len(reaper._told([json.dumps(fact) for fact in told]).owed)  # type: ignore[arg-type]  # lines are lines

    with undone_if_killed(postgres="x", statements=["y"]):
        assert owed() == 1
    assert owed() == 0
    with pytest.raises(ValueError, match="boom"), undone_if_killed(toxiproxy="x", proxy="y"):
        raise ValueError("boom")
    assert owed() == 0
    with pytest.raises(KeyboardInterrupt), undone_if_killed(toxiproxy="x", proxy="y"):
        raise KeyboardInterrupt  # which may have come while it was being taken away
    assert owed() == 1


def test_the_last_is_undone_first_and_a_server_that_is_gone_ends_nothing(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    facts = [
        {"folder": str(folder)},
        {"owed": "1", "postgres": postgres.url, "statements": ["DROP TABLE IF EXISTS owed"]},
        {"owed": "2", "postgres": postgres.url, "statements": ["CREATE TABLE owed ()", "no SQL"]},
        {"owed": "3", "postgres": "postgresql://u@127.0.0.1:1/d", "statements": ["SELECT 1"]},
        {"owed": "4", "toxiproxy": "http://127.0.0.1:1", "proxy": "x"},
    ]
    said: list[str] = []
    say = reaper._say
    monkeypatch.setattr(reaper, "_say", lambda url, statements: (said.extend(statements), say(url, statements)))
    reaper.reap([json.dumps(fact) for fact in facts], "no such token")  # type: ignore[arg-type]  # the same
    assert said == ["SELECT 1", "CREATE TABLE owed ()", "no SQL", "DROP TABLE IF EXISTS owed"]
    with closing(connect(postgres.url)) as connection, pytest.raises(psycopg2.errors.UndefinedTable):
        connection.cursor().execute("SELECT FROM owed")
    assert not folder.exists()
