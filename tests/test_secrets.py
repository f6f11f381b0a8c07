"""A database's password stays where it belongs: in no process's arguments, no log, no record and no report."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from harness.commands.serve import _password_file
from harness.provision.addresses import free_port
from harness.provision.postgres import Postgres, connect
from harness.provision.postgres_url import VARIABLE
from harness.store import Store
from tests.fix_command_line import ROOT, SHORTER, Say, program

pytestmark = pytest.mark.timeout(300)
NEEDLE = f"Needle{os.getpid()}Haystack"  # what no encoding changes, and nobody else says, nor another suite beside us
PASSWORD = f"{NEEDLE}@/%:é {NEEDLE[::-1]}"
FORMS = [form.encode() for form in (NEEDLE, NEEDLE[::-1], "".join(f"%{ord(letter):02X}" for letter in NEEDLE))]
ROLE = "keeper"


@pytest.fixture
def guarded(postgres: Postgres) -> Iterator[str]:
    """The URL of somebody's own server, with a password that is easy to find."""
    with closing(connect(postgres.url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE} SUPERUSER LOGIN PASSWORD %s", (PASSWORD,))
        host, port = postgres.address
        yield f"postgresql://{ROLE}:{quote(PASSWORD, safe='')}@{host}:{port}/postgres"
        cursor.execute(f"DROP ROLE {ROLE}")


@pytest.fixture
def url_file(guarded: str, tmp_path: Path) -> Path:
    """The same in a file of its owner's."""
    file = tmp_path / "url"
    file.touch(mode=0o600)
    file.write_text(f"{guarded}\n")
    return file


def holds_password(told: bytes) -> bool:
    """Whether there is a form of the password in it."""
    return any(form in told for form in FORMS)


def arguments() -> set[bytes]:
    """Those of every process of this machine, as any user can read them."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.add(path.read_bytes())
        except OSError:
            continue  # it has ended
    return found


# Small runs, each with variables of its own.
COMMANDS: Mapping[str, tuple[Sequence[str], Mapping[str, str]]] = {
    "run": (
        ("point-read", "--target", "sync", "--latency-ms", "0", "--profile", "quick", "--blocks", "1"),
        {"TOXIPROXY_BIN": os.devnull + "/none"},
    ),
    "chaos": (("--target", "sync", "--cut", "none", "--fault", "deadlock", "--fault", "terminate_backend"), {}),
    "claims": (("bare_url", "expire_on_commit", "session_closed", "alembic_imports", "alembic_round_trip"), {}),
    "eager-loading": (("--target", "sync", "--latency-ms", "0", "--blocks", "1"), {}),
    "probe-overhead": (("--target", "sync:loop", "--blocks", "1", "--seconds", "0.3"), {}),
}
WITH_LOAD = {"run", "chaos"}


def run_watched(command: str, out: Path, *words: str, **variables: str) -> tuple[set[bytes], bytes]:
    """Make a small run; return the arguments of all processes while it lasted, and what it wrote to the terminal."""
    chosen, usual = COMMANDS[command]
    with (out / "terminal").open("w+b") as terminal:
        process = subprocess.Popen(
            [*program(SHORTER), command, *chosen, "--out", str(out / "runs"), *words],
            cwd=ROOT,
            env={**os.environ, **usual, **variables},
            stdout=terminal,
            stderr=terminal,
        )
        seen: set[bytes] = set()
        try:
            while process.poll() is None:
                seen |= arguments()
                time.sleep(0.02)
        finally:
            process.kill()
            process.wait()
        terminal.seek(0)
        return seen | arguments(), terminal.read()


@pytest.mark.parametrize(
    ("command", "way"),
    [
        ("run", "variable"),
        pytest.param("run", "file", marks=pytest.mark.slow),
        ("chaos", "file"),
        pytest.param("chaos", "variable", marks=pytest.mark.slow),
        *(pytest.param(command, "variable", marks=pytest.mark.slow) for command in sorted(COMMANDS.keys() - WITH_LOAD)),
        *(pytest.param(command, "words", marks=pytest.mark.slow) for command in COMMANDS),
    ],
)
def test_a_run_shows_the_password_nowhere(command: str, way: str, guarded: str, url_file: Path, tmp_path: Path) -> None:
    words = {"file": ["--postgres-url", f"@{url_file}"], "words": ["--postgres-url", guarded]}.get(way, [])
    variables = {VARIABLE: guarded} if way == "variable" else {}
    seen, terminal = run_watched(command, tmp_path, *words, **variables)
    started = (b"uvicorn", b"scenarios.locust.generator") if command in WITH_LOAD else ()
    for part in (b"alembic", *started, b"--postgres-url" if words else b"--out"):
        assert any(part in told for told in seen), (part, terminal)
    # what was typed is there to read, but for that alone
    assert not [told for told in seen if holds_password(told) and (way != "words" or b"--postgres-url" not in told)]
    assert not holds_password(terminal)
    assert (b"Warning" in terminal) == (way == "words")

    store = Store.open(tmp_path / "runs" / "latest")
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    assert {"run.json", "summary.json", "report.html"} <= {path.name for path in files}
    assert [path for path in files if path.suffix == ".log"]
    assert not [path for path in files if holds_password(path.read_bytes())]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files if path.suffix == ".log"} == {0o600}
    assert_told(store, command, guarded, url_file if way == "file" else None)


def assert_told(store: Store, name: str, url: str, file: Path | None) -> None:
    """How to run it again names where the URL is; where it was run is told without the password."""
    place = url.rpartition("@")[2]
    command = store.record().command
    if file:
        assert f" --postgres-url @{file}" in command
        assert VARIABLE not in command
    else:
        assert command.startswith(f"{VARIABLE}=postgresql://{ROLE}@{place} twinbench {name} ")
    assert store.record().environment["database"].startswith(f"postgresql://{ROLE}@127.0.0.1:")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["variable", "file"])
def test_serving_shows_the_password_nowhere(way: str, guarded: str, url_file: Path, tmp_path: Path) -> None:
    words = ["serve", "sync", "--port", str(free_port())]
    words += ["--postgres-url", f"@{url_file}"] if way == "file" else []
    variables = {VARIABLE: guarded} if way == "variable" else {}
    log = tmp_path / "terminal"
    with log.open("wb") as terminal:
        process = subprocess.Popen(
            [*program(), *words], cwd=ROOT, env={**os.environ, **variables}, stdout=terminal, stderr=terminal
        )
        seen: set[bytes] = set()
        try:
            while process.poll() is None and b"Ctrl-C ends everything" not in log.read_bytes():
                seen |= arguments()
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        finally:
            process.kill()
            process.wait()
    assert any(b"uvicorn" in told for told in seen)
    assert not [told for told in seen | arguments() if holds_password(told)]
    assert b"psql postgresql://" in log.read_bytes()
    assert not holds_password(log.read_bytes())


def test_what_is_looked_for_would_be_found(guarded: str) -> None:
    assert holds_password(guarded.encode())
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", guarded]) as sleeper:
        try:
            deadline = time.monotonic() + 20  # it is started before the system tells its arguments
            while not any(holds_password(told) for told in arguments()):
                assert time.monotonic() < deadline
        finally:
            sleeper.kill()


WAYS: Mapping[str, tuple[list[str], str]] = {
    "variable": ([], "{url}"),
    "file": (["--postgres-url", "@{file}"], ""),
    "file in variable": ([], "@{file}"),
    "words": (["--postgres-url", "{url}"], ""),
    "words before variable": (["--postgres-url={url}"], "postgresql://127.0.0.1:1/none"),
}


@pytest.mark.parametrize("way", WAYS)
def test_only_words_are_warned_of(way: str, guarded: str, url_file: Path, say: Say) -> None:
    words, value = WAYS[way]
    known = {"url": guarded, "file": url_file}
    done = say("doctor", *(word.format_map(known) for word in words), **{VARIABLE: value.format_map(known)})
    assert done.returncode == 0, done
    assert f"postgresql://{ROLE}@127.0.0.1:" in done.stdout
    assert not holds_password((done.stdout + done.stderr).encode())
    warned = [line for line in done.stderr.splitlines() if "visible to other users" in line]
    assert len(warned) == ("words" in way)
    assert done.stderr.count("Warning") == len(warned)


def test_a_file_that_others_may_read_is_warned_of(url_file: Path, say: Say) -> None:
    url_file.chmod(0o640)
    done = say("doctor", "--postgres-url", f"@{url_file}")
    assert done.returncode == 0
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Warning")]
    assert f"{url_file} has mode 0640" in line
    assert f"chmod 600 {url_file}" in line


@pytest.mark.parametrize(("content", "said"), [(None, "No such file"), (b"\n", "is empty"), (b"\xff", "is no text")])
def test_a_file_without_a_url_is_one_line(content: bytes | None, said: str, tmp_path: Path, say: Say) -> None:
    file = tmp_path / "url"
    if content is not None:
        file.write_bytes(content)
    done = say("doctor", "--postgres-url", f"@{file}")
    assert done.returncode == 2
    assert said in done.stderr
    assert str(file) in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{NEEDLE}@/x@127.0.0.1:5432/d",
        f"postgresql://u:{NEEDLE}@x@127.0.0.1:5432/d",  # PostgreSQL takes x@127.0.0.1 for the host
        f"postgresql://u:x@{NEEDLE}@127.0.0.1:5432/d",
        f"postgresql://u:%{NEEDLE}@127.0.0.1:5432/d",
        f"postgresql://u:{NEEDLE}#x@127.0.0.1:5432/d",
        f"postgresql://u:{NEEDLE}?x@127.0.0.1:5432/d",
        f"postgresql://u:{NEEDLE}@127.0.0.1/d",
        f"postgresql://u:{NEEDLE}@127.0.0.1:port/d",
        f"postgresql://u:{NEEDLE}@192.0.2.1:5432/d",
        f"postgresql://u:{NEEDLE}@127.0.0.1:1/d",
        f"postgresql://u@127.0.0.1:1/d?password={NEEDLE}",
        f"postgresql://u:{NEEDLE}@127.0.0.1:5432/d?host=192.0.2.1",
        f"postgresql://u:{NEEDLE}@127.0.0.1:5432/d?hostaddr=192.0.2.1",
        f"mysql://u:{NEEDLE}@127.0.0.1:5432/d",
        f"postgresql://u:{NEEDLE}℀@127.0.0.1:5432/d",
    ],
)
@pytest.mark.parametrize("command", ["doctor", "run", "serve"])
def test_no_error_says_the_password(command: str, url: str, say: Say, tmp_path: Path) -> None:
    words = {"doctor": [], "run": ["ping", "--out", str(tmp_path)], "serve": ["sync"]}[command]
    done = say(command, *words, **{VARIABLE: url, "TOXIPROXY_BIN": os.devnull + "/none"})
    assert done.returncode == (3 if command == "doctor" else 2)
    assert not holds_password((done.stdout + done.stderr).encode())
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_psql_finds_the_password_of_a_served_database(guarded: str, tmp_path: Path) -> None:
    variable = _password_file(guarded, tmp_path)
    file = tmp_path / "pgpass"
    assert variable == f"PGPASSFILE={file} "
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    place = guarded.rpartition("@")[2]
    with closing(connect(f"postgresql://{ROLE}@{place}?passfile={quote(str(file))}")) as connection:
        assert connection.info.user == ROLE
    assert _password_file(f"postgresql://{ROLE}@{place}", tmp_path) == ""
