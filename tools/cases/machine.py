"""A machine that is busy, or slower than it is, for as long as a context lasts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from harness.provision import reaper

SLOWER = 3  # times
# Shorter than whatever a check measures: what is slowed down must look slower, not interrupted.
PERIOD_S = 0.01
LOOK_S = 0.2  # how often new processes are looked for
GROUPS = Path("/sys/fs/cgroup")
# Spins until whoever started it is gone.
SPIN = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): pass"


@contextmanager
def busy() -> Iterator[None]:
    """Keep every core busy with a process that does nothing else."""
    command = [sys.executable, "-c", SPIN, str(os.getpid())]
    spinning = [subprocess.Popen(command, start_new_session=True) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


@contextmanager
def slowed(say: Callable[[str], None]) -> Iterator[None]:
    """Slow this process, and all that it starts, down to a third of the machine; ``say`` is told by what.

    A control group with a quota of processor time does so where one can be made; else what this process has started is
    stopped and goes on in turns.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(_in_group())
            say("A control group has a third of the processor time")
        except OSError as error:
            say(f"No control group can be made ({error.strerror}): processes are stopped two thirds of the time")
            stack.enter_context(_in_turns())
        yield


@contextmanager
def _in_group() -> Iterator[None]:
    """Move this process into a control group of its own, and back.

    Raises:
        OSError: There is none to be had.
    """
    home, quota = _home()
    group = home / f"twinbench-{os.getpid()}"
    group.mkdir()
    try:
        for name, value in quota.items():
            (group / name).write_text(value)
        (group / "cgroup.procs").write_text(str(os.getpid()))
        yield
    finally:
        with suppress(OSError):
            for pid in (group / "cgroup.procs").read_text().split():  # we, and who cleans up after us
                (home / "cgroup.procs").write_text(pid)
        with suppress(OSError):
            group.rmdir()


def _home() -> tuple[Path, dict[str, str]]:
    """Return the control group that we are in, and the files by which one within it gets a third of all cores."""
    period = round(PERIOD_S * 1e6)
    share = round(period * (os.cpu_count() or 1) / SLOWER)
    named = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    if "cpu" in named:  # version 1
        of_cpu = {"cpu.cfs_period_us": str(period), "cpu.cfs_quota_us": str(share)}
        return GROUPS / "cpu" / named["cpu"].lstrip("/"), of_cpu
    return GROUPS / named.get("", "").lstrip("/"), {"cpu.max": f"{share} {period}"}


@contextmanager
def _in_turns() -> Iterator[None]:
    """Stop whatever this process has started for two thirds of each period, but who cleans up after it."""
    ended = threading.Event()
    thread = threading.Thread(target=_take_turns, args=(ended,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _take_turns(ended: threading.Event) -> None:
    periods = round(LOOK_S / PERIOD_S)
    while not ended.is_set():
        children = [one for one in psutil.Process().children(recursive=True) if reaper.__file__ not in _words(one)]
        for _ in range(periods):
            _signal(children, signal.SIGSTOP)
            ended.wait(PERIOD_S * (SLOWER - 1) / SLOWER)
            _signal(children, signal.SIGCONT)
            ended.wait(PERIOD_S / SLOWER)


def _words(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.Error):  # it has ended, or another took its number
            process.send_signal(number)
