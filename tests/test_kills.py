"""A sample of what tools/kills.py tries a hundred times: a signal at any moment, and nothing is left."""

import signal
import sys
from pathlib import Path

import pytest

from harness.provision.postgres import Postgres
from harness.provision.toxiproxy import ToxiproxyServer
from tools import kills
from tools.kills import Case, Theirs, draw, try_case

# A program that starts another, leaves a folder, and does not care about either.
CARELESS = """
import subprocess, sys, tempfile, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(10)"], start_new_session=True)
tempfile.mkdtemp()
time.sleep(10)
"""


@pytest.fixture
def theirs(postgres: Postgres, toxiproxy: ToxiproxyServer) -> Theirs:
    return Theirs(postgres_url=postgres.url, toxiproxy_url=toxiproxy.url)


def test_serving_on_servers_of_others_leaves_nothing_when_it_is_killed(theirs: Theirs, tmp_path: Path) -> None:
    case = Case(words=("serve", "sync"), on_theirs=True, number=signal.SIGKILL, moment_s=3.0)
    assert try_case(case, theirs, tmp_path) == []


def test_what_is_left_is_told(theirs: Theirs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kills, "PROGRAM", (sys.executable, "-c", CARELESS))
    monkeypatch.setattr(kills, "LEFT_AFTER_S", 0.2)
    case = Case(words=("serve",), on_theirs=False, number=signal.SIGKILL, moment_s=1.0)
    process, folder = sorted(try_case(case, theirs, tmp_path), reverse=True)
    assert process.startswith("left: process ")
    assert folder.startswith(f"left: folder {tmp_path}")


def test_a_case_is_the_same_in_whatever_batch() -> None:
    assert draw(1, 7) == draw(1, 7) != draw(1, 8)
    drawn = [draw(1, number) for number in range(100)]
    assert {case.number for case in drawn} == {*kills.SIGNALS}
    assert {case.words[0] for case in drawn} == {"bench", "chaos", "claims", "eager-loading", "serve"}
    assert 30 < sum(case.again_s is None for case in drawn) < 70
    assert 30 < sum(case.on_theirs for case in drawn) < 70
