"""What a run started is gone when it ends, however it ends, and nothing else is touched."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from harness.errors import HarnessError
from harness.provision import postgres_binary, reaper
from harness.provision.processes import Launch, _reaper, started, temporary_folder

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
LOUD = [
    *(sys.executable, "-c"),
    "import signal,time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(600)",
]
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


# One that starts another in a session of its own, which leaves something unless it is asked to end.
PARENT = """
import signal, subprocess, sys, time
tidy = (
    "import pathlib, signal, sys, time;"
    "signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path(sys.argv[1]).touch(), sys.exit()));"
    "print(1, flush=True); time.sleep(600)"
)
argv = [sys.executable, "-c", tidy, sys.argv[1]]
child = subprocess.Popen(argv, start_new_session=True, stdout=subprocess.PIPE)
child.stdout.readline()
if sys.argv[2] == "paused":
    child.send_signal(signal.SIGSTOP)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("how", ["running", "paused"])
def test_who_is_left_by_a_parent_is_asked_to_end_before_it_is_killed(how: str, tmp_path: Path) -> None:
    log, asked = tmp_path / "log", tmp_path / "asked"
    argv = [sys.executable, "-c", PARENT, asked, how]
    with started("parent", argv, log=log, launch=Launch(grace_s=60.0)):  # a busy machine takes its time
        assert until(lambda: log.read_text().endswith("\n"))
    assert asked.exists()
    assert not alive(int(log.read_text()))


def test_a_second_interruption_waits_until_what_was_started_has_ended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    again = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))

    def interrupted() -> None:
        assert until(lambda: log.read_text() == "1\n")
        again.start()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), started("loud", LOUD, log=log, launch=Launch(grace_s=1.0)) as child:
        interrupted()
    again.join()
    assert not alive(child.process.pid)


def test_an_interruption_while_something_is_started_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[psutil.Process] = []

    def interrupted(pid: int) -> psutil.Process:
        os.kill(os.getpid(), signal.SIGINT)
        begun.append(process := psutil.Process(pid))
        return process

    monkeypatch.setattr("harness.provision.processes.psutil", SimpleNamespace(Process=interrupted))
    with pytest.raises(KeyboardInterrupt), started("sleep", SLEEP, log=tmp_path / "log"):
        pytest.fail("it is not for anybody's use")
    (process,) = begun
    assert not alive(process.pid)


def test_an_interrupted_initdb_leaves_no_server_alone(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    program = tmp_path / "bin" / "initdb"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nsleep 600 & echo $! > {pid}.new; mv {pid}.new {pid}; wait\n")
    program.chmod(0o755)

    def interrupt() -> None:
        until(pid.exists)
        os.kill(os.getpid(), signal.SIGALRM)

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    waiting = threading.Thread(target=interrupt)
    waiting.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            postgres_binary.initialise(tmp_path, tmp_path / "data", "secret", None)
    finally:
        waiting.join()
        signal.signal(signal.SIGALRM, before)
    assert not alive(int(pid.read_text()))


def test_a_folder_that_somebody_still_writes_into_is_left_to_who_cleans_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, object]] = []
    monkeypatch.setattr(_reaper(), "tell", lambda **fact: told.append(fact))
    with temporary_folder("a", within=tmp_path):
        pass
    with monkeypatch.context() as patched, temporary_folder("b", within=tmp_path):
        patched.setattr("shutil.rmtree", lambda *_arguments, **_options: None)
    assert [[*fact] for fact in told] == [["folder"], ["removed"], ["folder"]]


@pytest.mark.parametrize("error", [subprocess.TimeoutExpired("reaper", 1), KeyboardInterrupt(), BrokenPipeError()])
def test_who_cleans_up_goes_on_alone_where_that_takes_long_or_somebody_interrupts(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_timeout: float) -> None:
        raise error

    pipe = _reaper()
    monkeypatch.setattr(pipe._popen, "communicate", fail)
    pipe.close()
    pipe.tell(folder="none of ours")
    pipe.tell(removed="none of ours")


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
