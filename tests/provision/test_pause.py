"""A target that is paused uses no processor time, whatever it would do while idle, and still ends when told to."""

import sys
import time
from pathlib import Path

import psutil
import pytest

from harness.provision.pause import ProcessorClocks, paused, resumed
from harness.provision.processes import Child, Launch, started

BUSY = "import os; print('up', flush=True)\nwhile True: pass"
WITH_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"


def used_s(child: Child) -> float:
    """Processor time of a process with its descendants so far."""
    return ProcessorClocks({"it": child}).read()["it"]


def wait_until_busy(child: Child) -> None:
    """Wait until it and what it starts is at work."""
    deadline_s = time.monotonic() + 20
    while "up" not in child.log.read_text() and time.monotonic() < deadline_s:
        time.sleep(0.01)


@pytest.mark.parametrize("program", [BUSY, WITH_CHILD], ids=["alone", "with a child"])
def test_what_it_would_do_while_it_is_idle_takes_nothing(program: str, tmp_path: Path) -> None:
    with started("It", [sys.executable, "-c", program], log=tmp_path / "log") as child:
        wait_until_busy(child)
        with paused([child]):
            time.sleep(0.05)  # for the one core to let go of it
            before_s = used_s(child)
            time.sleep(0.3)
            assert used_s(child) == before_s
            with resumed(child):
                time.sleep(0.3)
            time.sleep(0.05)  # for the core to let go of it again
            after_s = used_s(child)
            assert after_s > before_s
            time.sleep(0.3)
            assert used_s(child) == after_s
        time.sleep(0.3)
        assert used_s(child) > after_s


def test_one_that_is_paused_ends_when_it_is_told_to(tmp_path: Path) -> None:
    began_s = time.monotonic()
    ending = (
        "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit()))\n"
    )
    with started(
        "It",
        [sys.executable, "-c", f"{ending}print('up', flush=True)\ntime.sleep(600)"],
        log=tmp_path / "log",
        launch=Launch(grace_s=60.0),
    ) as child:
        wait_until_busy(child)
        child.process.suspend()
    assert "bye" in (tmp_path / "log").read_text()  # in order, and not by SIGKILL after its grace
    assert time.monotonic() - began_s < 60


def test_one_that_has_died_is_passed_over(tmp_path: Path) -> None:
    with started("It", [sys.executable, "-c", "pass"], log=tmp_path / "log") as child:
        child.popen.wait()
        with paused([child]), resumed(child):
            pass


def test_the_clocks_see_a_millisecond(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfor line in sys.stdin:\n end = time.process_time() + 0.004\n"
        " while time.process_time() < end: pass\n print(flush=True)"
    )
    with started("It", [sys.executable, "-c", program], log=tmp_path / "log", launch=Launch(piped=True)) as child:
        assert child.popen.stdin is not None
        assert child.popen.stdout is not None
        clocks = ProcessorClocks({"it": child})

        def turn() -> float:
            before_s = clocks.read()["it"]
            child.popen.stdin.write(b"\n")
            child.popen.stdout.readline()
            return clocks.read()["it"] - before_s

        turn()
        taken_s = [turn() for _ in range(20)]
    assert all(0.004 <= took < 0.008 for took in taken_s), taken_s  # its own clock, so no busy machine breaks it


def test_processes_that_it_did_not_start_go_on(tmp_path: Path) -> None:
    with (
        started("It", [sys.executable, "-c", BUSY], log=tmp_path / "log") as child,
        started("Another", [sys.executable, "-c", BUSY], log=tmp_path / "log2") as other,
    ):
        wait_until_busy(child)
        with paused([child]):
            assert other.process.status() != psutil.STATUS_STOPPED
