"""What a run started is gone when it ends, however it ends, and nothing else is touched."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from harness.errors import HarnessError
from harness.provision import reaper
from harness.provision.processes import Launch, started, temporary_folder

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [sys.executable, "-c", "import signal,time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"]

# A run in small: a folder, a child, a grandchild in a session of its own, and a child that nobody told of yet.
RUN = """
import os, subprocess, sys, time
from pathlib import Path
from harness.provision import processes, reaper
grandchild = (
    "import subprocess, sys;"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True);"
    "print(p.pid, flush=True); p.wait()"
)
log = Path(sys.argv[1])
with processes.temporary_folder("twinbench-test-", within=Path(sys.argv[2])) as folder:
    with processes.started("parent", [sys.executable, "-c", grandchild], log=log) as child:
        untold = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"],
            env={**os.environ, reaper.TOKEN_VARIABLE: processes._reaper().token}, start_new_session=True)
        while not log.read_text().strip():
            time.sleep(0.02)
        print(child.process.pid, log.read_text().strip(), untold.pid, folder, flush=True)
        time.sleep(600)
"""


def until(condition: Callable[[], bool], timeout_s: float = 60) -> bool:
    """Wait for a condition; whether it came true."""
    deadline = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_run_leaves_no_process_and_no_folder(tmp_path: Path, end: signal.Signals) -> None:
    bystander = subprocess.Popen(SLEEP, start_new_session=True)
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path / "log"), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert run.stdout is not None
        *pids, folder = run.stdout.readline().split()
        family = [int(pid) for pid in pids]
        assert len(family) == 3
        assert all(alive(pid) for pid in family)
        run.send_signal(end)
        run.wait()
        assert until(lambda: not any(alive(pid) for pid in family) and not Path(folder).exists())
        assert alive(bystander.pid)
    finally:
        bystander.kill()
        bystander.wait()
        run.kill()
        run.wait()
        if run.stdout:
            run.stdout.close()


def test_a_child_ends_with_its_context(tmp_path: Path) -> None:
    with started("sleeper", SLEEP, log=tmp_path / "log") as child:
        assert child.running()
    assert not alive(child.process.pid)


def test_a_log_is_for_its_owner_alone_and_is_added_to(tmp_path: Path) -> None:
    for word in ("one", "two"):
        with started("It", [sys.executable, "-c", f"print('{word}')"], log=tmp_path / "log") as child:
            child.popen.wait()
    assert (tmp_path / "log").read_text().split() == ["one", "two"]
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_a_child_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    with started("stubborn", STUBBORN, log=tmp_path / "log", launch=Launch(grace_s=0.5)) as child:
        time.sleep(0.5)
    assert not alive(child.process.pid)


def test_a_pid_that_was_given_to_another_is_left_alone() -> None:
    me = psutil.Process()
    assert reaper.identify(me.pid, me.create_time()) is not None
    assert reaper.identify(me.pid, me.create_time() - 1) is None


def test_a_process_that_nobody_collects_has_ended(tmp_path: Path) -> None:
    """Its parent does not wait for it, as the first process of a container may not."""
    careless = (
        "import subprocess, sys, time;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        "print(p.pid, flush=True); time.sleep(600)"
    )
    with started("parent", [sys.executable, "-c", careless], log=tmp_path / "log"):
        assert until(lambda: (tmp_path / "log").read_text().endswith("\n"))
        orphan = psutil.Process(int((tmp_path / "log").read_text()))
        assert reaper._still_running([orphan], 0) == [orphan]
        orphan.kill()
        assert until(lambda: orphan.status() == psutil.STATUS_ZOMBIE)
        assert reaper._still_running([orphan], 0) == []


def test_a_program_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(HarnessError, match="could not be started"),
        started("x", ["/no/such"], log=tmp_path / "log"),
    ):
        pass


def test_a_folder_goes_with_its_context(tmp_path: Path) -> None:
    with temporary_folder("t-", within=tmp_path) as folder:
        (folder / "file").write_text("")
    assert not folder.exists()
    with pytest.raises(HarnessError, match="No folder"), temporary_folder("t-", within=tmp_path / "nowhere"):
        pass


def test_last_words_are_the_logs(tmp_path: Path) -> None:
    with started("talker", [sys.executable, "-c", "print('one'); print('two')"], log=tmp_path / "log") as child:
        child.popen.wait()
    assert child.last_words() == "one | two"
    assert os.getpid() != child.process.pid
