"""Each mistake of a user gets one line that names the thing and the next step, and the right exit code."""

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from harness.commands.options import ChaosProfileName, ProfileName
from harness.faults.catalog import FAULTS
from harness.store import VERSION
from scenarios.catalog import CHAOS_PROFILES, PROFILES, SCENARIOS
from targets.catalog import CATALOG
from tests.fix_command_line import ROOT, Say, assert_one_line, twinbench

MISTAKES = {
    "unknown command": (["frob"], {}, "No such command 'frob'"),
    "unknown option": (["bench", "--nope"], {}, "No such option: --nope"),
    "unknown profile": (["bench", "--profile", "huge"], {}, "'huge' is not one of"),
    "unknown scenario": (["run", "nosuch"], {}, "No scenario is called 'nosuch'. Choose of"),
    "unknown target": (["run", "ping", "--target", "nosuch"], {}, "No target is called 'nosuch'. Choose of"),
    "unknown fault": (["chaos", "--fault", "nosuch"], {}, "No fault is called 'nosuch'. Choose of"),
    "write that can't be cut": (["chaos", "--cut", "ping"], {}, "No write to cut is called 'ping'. Choose of"),
    "unknown target of chaos": (["chaos", "--target", "flaw:none"], {}, "No target is called 'flaw:none'"),
    "no such run to check": (["check", "nowhere"], {}, "No run is stored in nowhere"),
    "latency that is no number": (["run", "ping", "--latency-ms", "far"], {}, "valid integer"),
    "latency below zero": (["run", "ping", "--latency-ms", "-1"], {}, "--latency-ms"),
    "no target to serve": (["serve"], {}, "target"),
    "no such run": (["report", "nowhere"], {}, "No run is stored in nowhere"),
    "PostgreSQL that is not there": (
        ["bench", "--postgres-url", "postgresql://u@127.0.0.1:1/d"],
        {},
        "gave no database",
    ),
    "PostgreSQL elsewhere": (
        ["bench", "--postgres-url", "postgresql://u@192.0.2.1:5432/d"],
        {},
        "stay on this machine",
    ),
    "Toxiproxy that is not there": (
        ["bench", "--toxiproxy-url", "http://127.0.0.1:1"],
        {},
        "No Toxiproxy answers",
    ),
    "setting that is no number": (
        ["bench"],
        {"TWIN_STATEMENT_TIMEOUT_MS": "soon"},
        "TWIN_STATEMENT_TIMEOUT_MS is 'soon'",
    ),
}


@pytest.mark.parametrize(("words", "variables", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_and_exit_2(
    words: list[str],
    variables: dict[str, str],
    expected: str,
    say: Say,
    tmp_path: Path,
) -> None:
    out = ["--out", str(tmp_path)] if words[0] in {"bench", "run"} and "nosuch" not in words else []
    done = say(*words, *out, **variables)
    assert done.returncode == 2, done.stderr
    assert_one_line(done.stderr, expected)
    assert list(tmp_path.iterdir()) == []  # a run that never began leaves no folder


@pytest.mark.parametrize("command", ["check", "report"])
def test_a_run_of_the_version_before_is_named_as_such(command: str, say: Say, tmp_path: Path) -> None:
    """Not as one that is torn: its summary has another form as well."""
    (tmp_path / "run.json").write_text(json.dumps({"version": VERSION - 1}))
    (tmp_path / "summary.json").write_text(json.dumps({"version": VERSION - 1}))
    done = say(command, str(tmp_path))
    assert done.returncode == 2, done.stderr
    assert_one_line(done.stderr, f"is of version {VERSION - 1}, and this twinbench reads version {VERSION}")


def test_a_mistake_in_a_shell_of_its_own() -> None:
    done = twinbench("run", "nosuch")
    assert done.returncode == 2
    assert_one_line(done.stderr, "No scenario is called 'nosuch'")


def test_results_that_cannot_be_written(say: Say, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = say("bench", "--out", str(tmp_path / "file"))
    assert done.returncode == 2
    assert re.search(r"can't be written.*--out", done.stderr)


def test_a_port_that_is_taken(say: Say) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = say("serve", "async", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "is taken. Name another by --port" in done.stderr


def test_help_and_lists_are_for_reading(say: Say, tmp_path: Path) -> None:
    helped = say(COLUMNS="80").stdout.splitlines()
    assert sum(line.startswith("  bench ") for line in helped) == 1
    assert not [line for line in helped[1:] if line.endswith("...")]  # what is cut off for want of room
    listed = say("list", "--out", str(tmp_path))
    assert listed.returncode == 0
    for word in ("point-read", "async", "sync", "quick", "default", "full", "list --all"):
        assert word in listed.stdout
    for word in ("flaw:", "kill_worker"):  # for later
        assert word not in listed.stdout


def test_all_is_listed_where_it_is_asked_for(say: Say, tmp_path: Path) -> None:
    listed = say("list", "--all", "--out", str(tmp_path)).stdout
    assert set(listed.split()) >= {*CATALOG, *SCENARIOS, *FAULTS}


HEAVY = {"pandas", "numpy", "matplotlib", "pyarrow", "scipy", "sqlalchemy", "fastapi", "locust"}
HEAVY |= {"pydantic_settings", "psycopg", "psycopg2", "asyncpg", "requests", "toxiproxy", "asyncio", "jinja2"}
HEAVY |= {"psutil", "rich"}
MODEL = {f"harness.model.{path.stem}" for path in (ROOT / "harness" / "model").glob("[!_]*.py")}
ASKED = {f"harness.model.{name}" for name in ("plan", "verdict", "workload")}
TELLS_WHAT_IT_TOOK = """
import gc, runpy, sys
sys.argv = ["twinbench", *sys.argv[1:]]
before = gc.get_stats()[0]["collections"]
try:
    runpy.run_module("harness.cli", run_name="__main__")
finally:
    print(gc.get_stats()[0]["collections"] - before, *sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "besides"),
    [
        (["--help"], {"pydantic", "harness.model"}),
        (["chaos", "--help"], {"harness.model"}),
        (["list"], MODEL - ASKED),
        (["doctor"], {"harness.model"}),
    ],
)
def test_what_needs_no_statistics_no_figures_and_no_targets_imports_none_and_looks_for_no_garbage(
    words: list[str], besides: set[str], tmp_path: Path
) -> None:
    out = ["--out", str(tmp_path)] if words == ["list"] else []
    done = subprocess.run(
        [sys.executable, "-c", TELLS_WHAT_IT_TOOK, *words, *out],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    collections, *imported = done.stderr.splitlines()[-1].split()
    assert {"typer", "harness"} <= {*imported}
    assert {*imported} & (HEAVY | besides) == set()
    assert int(collections) <= 2  # and not one for each 700 objects, most of which stay


def test_every_profile_can_be_chosen() -> None:
    assert [name.value for name in ProfileName] == list(PROFILES)
    assert [name.value for name in ChaosProfileName] == list(CHAOS_PROFILES)


@pytest.mark.parametrize(("cause", "code"), [(KeyboardInterrupt(), 130), (ValueError(), 4)], ids=repr)
def test_what_python_makes_of_an_interruption_is_none_of_our_bugs(
    cause: BaseException, code: int, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.11 makes a RuntimeError of what comes while a class is made, as while libraries are imported."""

    def broken(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("Error calling __set_name__") from cause

    monkeypatch.setattr("harness.commands.list.show_list", broken)
    done = say("list")
    assert done.returncode == code
    assert ("twinbench: interrupted" in done.stderr) == (code == 130)
    assert ("Traceback" in done.stderr) == (code == 4)


def test_doctor_names_every_part() -> None:
    done = twinbench("doctor")
    for part in ("Python", "PostgreSQL", "Toxiproxy", "sqlalchemy", "asyncpg", "locust", "disk"):
        assert part in done.stdout
    assert done.returncode == 0


def test_doctor_says_where_toxiproxy_cannot_be_kept(say: Say, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder, code in ((tmp_path / "file" / "cache", 3), (tmp_path / "new" / "cache", 0)):
        done = say("doctor", TWINBENCH_CACHE=str(folder), PATH=str(tmp_path))
        assert done.returncode == code
        assert ("→ Set TWINBENCH_CACHE to a folder" in done.stdout) == (code == 3)
        assert str(folder) in done.stdout


def test_doctor_says_that_there_is_no_home(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(_name: str) -> None:
        raise RuntimeError("no home directory")

    monkeypatch.setattr("harness.provision.toxiproxy_binary.user_cache_path", homeless)
    done = say("doctor")
    assert done.returncode == 3
    assert "kept nowhere: no home directory" in done.stdout
    assert "→ Set TWINBENCH_CACHE to a folder" in done.stdout


def test_doctor_says_what_to_do_about_what_is_missing(say: Say) -> None:
    done = say("doctor", TOXIPROXY_BIN="/no/such/program")
    assert done.returncode == 3
    assert "Correct it or unset it" in done.stdout
