"""A run in the background: the processes that it has started, and whether anything is left of them."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from harness.provision import reaper
from tests.fix_command_line import ROOT, SHORTER, program


@contextmanager
def running(out: Path, *words: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A run in the background that is past its first trial."""
    process = subprocess.Popen(
        [*program(SHORTER), "run", *words, "--profile", "quick", "--out", str(out)],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 120
        while not list(out.glob("*/trials/*/trial.json")) and time.monotonic() < deadline:
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.communicate()


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """All that a run has started."""
    return psutil.Process(process.pid).children(recursive=True)


def footprint(children: list[psutil.Process]) -> tuple[set[int], set[Path]]:
    """Ports that are listened on, and data directories."""
    ports, folders = set(), set()
    for child in children:
        words = child.cmdline()
        if "-D" in words:
            folders.add(Path(words[words.index("-D") + 1]).parent)
        ports |= {connection.laddr.port for connection in child.net_connections("tcp") if connection.status == "LISTEN"}
    return ports, folders


def assert_nothing_is_left(children: list[psutil.Process], ports: set[int], folders: set[Path]) -> None:
    """No process, no port, no data directory."""
    assert reaper._still_running(children, 60) == []
    deadline = time.monotonic() + 30
    while any(folder.exists() for folder in folders) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(folder.exists() for folder in folders)
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def processors_of_each_part(children: list[psutil.Process]) -> str:
    """Tell as a run does which its threads keep to: target and load to one each, and PostgreSQL off the target's."""
    seen: dict[str, set[int]] = {}
    for part in ("uvicorn", "scenarios.locust.generator", "postgres"):
        found = [child for child in children if part in " ".join(child.cmdline()[:4])]
        threads = [int(task.name) for child in found for task in Path(f"/proc/{child.pid}/task").iterdir()]
        seen[part] = set().union(*map(os.sched_getaffinity, threads))
    target, load, postgres = seen.values()
    assert len(target) == len(load) == 1
    assert postgres
    assert target.isdisjoint(load | postgres)
    numbers = (" ".join(map(str, sorted(part))) for part in (target, load, postgres))
    return "targets on {}, load generator on {}, all else on {}".format(*numbers)
