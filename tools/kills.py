"""End the program by a signal at seeded moments, and see what is left of it.

    python -m tools.kills [--count 100] [--seed 1] [--first 0]

``bench``, ``chaos``, ``serve`` and others, on servers of their own and on servers of others, get one of four signals
within their first 25 seconds, and half of them another one while they end. Fifteen seconds later there is no process,
port, shared memory or temporary folder of theirs, and no database, proxy or setting on the others' servers; a run's
folder is known as unfinished, or has its manifest.
Case 40 of a seed is the same in whatever batch: ``--first 40`` goes on where another has stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

from harness.errors import ExitCode
from harness.provision.addresses import accepts, free_port
from harness.provision.http_connection import get
from harness.provision.postgres import connect, postgres_server
from harness.provision.postgres_url import VARIABLE
from harness.provision.toxiproxy import toxiproxy_server
from harness.seal import is_sealed

ROOT = Path(__file__).parents[1]
PROGRAM = (sys.executable, "-m", "harness.cli")
MARK = "KILLS_CASE"  # in the environment of all that a case starts
LATEST_S = 25.0
LEFT_AFTER_S = 15.0
AGAIN_AFTER_S = 2.0
LOOK_S = 0.1
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
COMMANDS = (
    ("bench", "--profile", "quick"),
    ("bench", "--profile", "quick"),
    ("chaos",),
    ("chaos", "--cut", "none"),
    ("chaos", "--cut", "none", "--fault", "deadlock"),
    ("claims", "alembic_imports", "alembic_round_trip", "bare_url"),  # with databases and folders of their own
    ("eager-loading",),
    ("serve", "async"),
    ("serve", "sync"),
)
DISK = Path("/var/tmp")  # noqa: S108 - where PostgreSQL's data are
ON_THEIRS = (
    "SELECT 'database ' || datname FROM pg_database WHERE datname LIKE 'twinbench\\_%'",
    "SELECT 'setting ' || name FROM pg_file_settings WHERE sourcefile LIKE '%postgresql.auto.conf'",
)


@dataclass(frozen=True, kw_only=True)
class Theirs:
    """Servers that are not the program's own."""

    postgres_url: str
    toxiproxy_url: str

    def left(self) -> Iterator[str]:
        """Name what is on them that was not there before."""
        with closing(connect(self.postgres_url)) as connection, connection.cursor() as cursor:
            for query in ON_THEIRS:
                cursor.execute(query)
                yield from (name for (name,) in cursor.fetchall())
        yield from (f"proxy {name}" for name in json.loads(get(f"{self.toxiproxy_url}/proxies", 5).body))


@contextmanager
def servers() -> Iterator[Theirs]:
    """Start servers for the program to use."""
    with (
        tempfile.TemporaryDirectory() as folder,
        postgres_server() as postgres,
        toxiproxy_server(Path(folder) / "log", print) as toxiproxy,
    ):
        yield Theirs(postgres_url=postgres.url, toxiproxy_url=toxiproxy.url)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A command, on whose servers, and which signal it gets, how long after its start, and how long after it again."""

    words: tuple[str, ...]
    on_theirs: bool
    number: signal.Signals
    moment_s: float
    again_s: float | None = None

    def __str__(self) -> str:
        """Return it in short."""
        whose = "their" if self.on_theirs else "its own"
        again = "" if self.again_s is None else f", and {self.again_s:.1f} s later"
        command = f"{shlex.join(self.words)} on {whose} servers"
        return f"{self.number.name} {self.moment_s:.1f} s after the start of {command}{again}"


def draw(seed: int, number: int) -> Case:
    """Return a case of a seed."""
    random = Random(f"{seed}-{number}")  # noqa: S311 - to be repeated
    return Case(
        words=random.choice(COMMANDS),
        on_theirs=random.random() < 0.5,  # noqa: PLR2004 - half of them
        number=random.choice(SIGNALS),
        moment_s=random.uniform(0, LATEST_S),
        again_s=random.choice((None, random.uniform(0, AGAIN_AFTER_S))),
    )


@dataclass
class Traces:
    """What was seen of a case while it ran: processes, as (pid, start time), ports, shared memory."""

    mark: str
    scratch: Path
    before: frozenset[Path] = field(default_factory=lambda: frozenset(DISK.glob("twinbench-*")))
    processes: set[psutil.Process] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)
    memory: set[Path] = field(default_factory=set)

    def look(self, process: psutil.Process) -> None:
        """See which processes there are now."""
        with suppress(psutil.Error):
            self.processes |= {process, *process.children(recursive=True)}

    def look_inside(self) -> None:
        """See what they listen on and share."""
        for process in self.processes:
            with suppress(psutil.Error, OSError):
                connections = process.net_connections("tcp")
                self.ports |= {one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN}
                lines = Path(f"/proc/{process.pid}/maps").read_text().splitlines()
                self.memory |= {Path(line.split()[-1]) for line in lines if " /dev/shm/" in line}

    def left(self) -> Iterator[str]:
        """Name what is there still."""
        for process in {*self.processes, *self._marked()}:
            with suppress(psutil.Error):
                if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                    yield f"process {shlex.join(process.cmdline())[:200]}"
        yield from (f"port {port}" for port in self.ports if accepts(port))
        yield from (f"shared memory {path}" for path in self.memory if path.exists())
        pids = {str(process.pid) for process in self.processes}
        segments = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
        yield from (f"shared memory {line}" for line in segments if line.split()[4] in pids)
        used = [word for process in psutil.process_iter(["cmdline"]) for word in process.info["cmdline"] or ()]
        yield from (f"folder {path}" for path in self.scratch.iterdir())
        for path in set(DISK.glob("twinbench-*")) - self.before:
            if not any(str(path) in word for word in used):  # as of another run beside us
                yield f"folder {path}"

    def _marked(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get(MARK) == self.mark:
                    yield process


def try_case(case: Case, theirs: Theirs, place: Path) -> list[str]:
    """Start a command, end it, and return what is wrong afterwards."""
    scratch, out, log = place / "scratch", place / "out", place / "log"
    scratch.mkdir()
    words = [*case.words, *(("--port", str(free_port())) if case.words[0] == "serve" else ("--out", str(out)))]
    variables = {MARK: str(place), "TMPDIR": str(scratch)}
    if case.on_theirs:
        words += ["--toxiproxy-url", theirs.toxiproxy_url]
        variables[VARIABLE] = theirs.postgres_url
    traces = Traces(mark=str(place), scratch=scratch)
    with log.open("wb") as sink:
        began_s = time.monotonic()
        environment = {**os.environ, **variables}
        run = subprocess.Popen([*PROGRAM, *words], cwd=ROOT, env=environment, stdout=sink, stderr=sink)
        process = psutil.Process(run.pid)
        while run.poll() is None and time.monotonic() < began_s + case.moment_s:
            traces.look(process)
            time.sleep(LOOK_S)
        traces.look(process)
        traces.look_inside()
        run.send_signal(case.number)
        if case.again_s is not None:
            time.sleep(case.again_s)
            run.send_signal(case.number)
    wrong = _left_after(LEFT_AFTER_S, run, traces, theirs)
    run.kill()
    run.wait()
    return [*wrong, *_said_wrongly(case, run.returncode, log.read_text(errors="replace")), *_stored_wrongly(case, out)]


def _left_after(timeout_s: float, run: subprocess.Popen[bytes], traces: Traces, theirs: Theirs) -> list[str]:
    """Wait until nothing is left, so long at most, and return what is."""
    deadline_s = time.monotonic() + timeout_s
    while True:
        run.poll()
        left = [f"left: {name}" for name in (*traces.left(), *theirs.left())]
        if not left or time.monotonic() > deadline_s:
            return left
        time.sleep(LOOK_S)


def _said_wrongly(case: Case, code: int, said: str) -> Iterator[str]:
    if case.number != signal.SIGKILL and code not in {ExitCode.INTERRUPTED, *ExitCode}:
        # of a signal it ends as others do only until it has begun to listen, and when it is about to be gone
        begun = ("Starting" in said and case.again_s is None) or code != -case.number
        yield from [f"code {code}: {said[-1000:]}"] if begun else []
    if "Traceback" in said:
        yield f"traceback: {said[-3000:]}"


def _stored_wrongly(case: Case, out: Path) -> Iterator[str]:
    """Hold a run's folder against what ``check`` says of it."""
    for folder in (path for path in out.glob("*") if not path.is_symlink()):
        argv = [*PROGRAM, "check", str(folder)]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
        if (case.number == signal.SIGKILL or case.again_s is not None) and not is_sealed(folder):
            if done.returncode not in {ExitCode.UNDECIDED, ExitCode.FAIL} or "Traceback" in done.stderr:
                yield f"check of an unfinished run: {done.returncode}: {done.stdout[-500:]} {done.stderr[-1000:]}"
        elif not is_sealed(folder) or done.returncode not in {ExitCode.PASS, ExitCode.FAIL, ExitCode.UNDECIDED}:
            yield f"check of {folder}: {done.returncode}: {done.stdout[-500:]} {done.stderr[-1000:]}"


def main() -> int:
    """Try as many cases as asked for, print those after which something is wrong, and count all."""
    parser = argparse.ArgumentParser(description="End the program at seeded moments, and see what is left of it.")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    asked = parser.parse_args()
    for number in SIGNALS[1:]:
        signal.signal(number, signal.default_int_handler)  # not ignored, which the program would inherit
    kinds: Counter[str] = Counter()
    wrong = 0
    with servers() as theirs:
        for number in range(asked.first, asked.first + asked.count):
            case = draw(asked.seed, number)
            kinds[f"{case.number.name} {case.words[0]}"] += 1
            with tempfile.TemporaryDirectory(prefix="kills-") as place:
                found = try_case(case, theirs, Path(place))
            wrong += bool(found)
            print(f"{number}: {case}: {'; '.join(found) or 'nothing is left'}", flush=True)  # noqa: T201 - what it is for
    for kind, count in sorted(kinds.items()):
        print(f"{count:5} {kind}")  # noqa: T201 - the same
    print(f"{wrong} of {asked.count} left something, or said something wrong")  # noqa: T201 - the same
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
