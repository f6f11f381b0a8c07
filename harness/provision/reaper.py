"""Clean up after a run that could not: a process of its own that outlives the run by seconds.

``finally`` does not run after SIGKILL. So the run holds the write end of a pipe to this process and
tells it, a JSON line each, what it started. When the pipe closes, for whatever reason, what is still
there is stopped and removed. A process is known by pid *and* start time, so that a pid which the
system has given to another process is never touched. Children also carry the run's token in their
environment, which finds one that was started but not yet reported. What the run has put on servers
that are somebody else's it tells before it does so, with what takes it away again.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple, TextIO
from urllib.parse import urlsplit

import psutil

TOKEN_VARIABLE = "TWINBENCH_RUN_TOKEN"  # noqa: S105 - a name, no password
GRACE_S = 5.0
ORPHAN_GRACE_S = 0.5
POLL_S = 0.01
ANSWER_TIMEOUT_S = 5


def identify(pid: int, created_s: float) -> psutil.Process | None:
    """Return the process of this pid if it is the one that was started then, and still runs."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.create_time() == created_s and _running(process):
            return process
    return None


def _running(process: psutil.Process) -> bool:
    """Whether it has not ended; one that has, and that its parent did not collect yet, has ended."""
    with contextlib.suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _still_running(processes: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    """Wait for processes to end, and return those that did not.

    ``psutil.wait_procs`` waits for them to be collected, which is their parent's to do: where the first
    process of a container takes its time over orphans, each would cost the whole timeout.
    """
    deadline_s = time.monotonic() + timeout_s
    while (left := [process for process in processes if _running(process)]) and time.monotonic() < deadline_s:
        time.sleep(POLL_S)
    return left


def stop(process: psutil.Process, signal_number: int, grace_s: float) -> None:
    """Ask a process to end, then its descendants, and then make all of them end.

    A server that is made to end without being asked leaves its shared memory.
    """
    with contextlib.suppress(psutil.Error):
        # Collected first: a descendant in a session of its own can't be found once its parent is gone.
        family = [process, *process.children(recursive=True)]
        _signal(family, signal.SIGCONT)  # one that is stopped hears nothing, and is hung up when its parent ends
        _signal([process], signal_number)
        _still_running([process], grace_s)
        # what a parent that ends in order leaves behind was not going to end by itself
        alive = _still_running(family, ORPHAN_GRACE_S)
        for number in (signal.SIGTERM, signal.SIGKILL):
            _signal(alive, number)
            alive = _still_running(alive, grace_s)


def _signal(processes: Sequence[psutil.Process], number: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _marked(token: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        # another user's process can't be read, and can't be ours
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(TOKEN_VARIABLE) == token:
                found.append(process)
    return found


class Told(NamedTuple):
    """What a run had started and not ended when it was gone.

    ``processes`` are {pid: (start time, signal)}, and ``owed`` what is to be done on servers of others.
    """

    processes: dict[int, tuple[float, int]]
    folders: list[str]
    owed: dict[str, dict[object, object]]


def reap(lines: TextIO, token: str) -> None:
    """Read what was started until the pipe closes, then end what is left of it, the last first."""
    told = _told(lines)
    for pid, (created_s, number) in reversed(told.processes.items()):
        if process := identify(pid, created_s):
            stop(process, number, GRACE_S)
    for process in _marked(token):
        stop(process, signal.SIGTERM, GRACE_S)
    for debt in reversed(told.owed.values()):
        match debt:
            case {"postgres": str(url), "statements": list(statements)}:
                _say(url, statements)
            case {"toxiproxy": str(url), "proxy": str(name)}:
                _delete_proxy(url, name)
    for path in told.folders:
        shutil.rmtree(path, ignore_errors=True)


def _told(lines: TextIO) -> Told:
    told = Told({}, [], {})
    for line in lines:
        try:
            fact = json.loads(line)
        except json.JSONDecodeError:
            continue  # the torn last line of a killed run
        match fact:
            case {"started": int(pid), "created_s": float(created_s), "signal": int(number)}:
                told.processes[pid] = (created_s, number)
            case {"ended": int(pid)}:
                told.processes.pop(pid, None)
            case {"folder": str(path)}:
                told.folders.append(path)
            case {"removed": str(path)}:
                told.folders.remove(path)
            case {"owed": str(key), **debt}:
                told.owed[key] = debt
            case {"settled": str(key)}:
                told.owed.pop(key, None)
    return told


def _say(url: str, statements: Sequence[str]) -> None:
    """Say statements to a PostgreSQL; where it is gone, or refuses, nothing can be done."""
    import psycopg2  # noqa: PLC0415 - only a run that was killed, and on somebody's server, has it to pay

    with contextlib.suppress(psycopg2.Error):
        connection = psycopg2.connect(url, connect_timeout=ANSWER_TIMEOUT_S, application_name="twinbench-reaper")
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def _delete_proxy(url: str, name: str) -> None:
    """Delete a proxy of a Toxiproxy; where it is gone, its proxies are, too."""
    place = urlsplit(url)
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=ANSWER_TIMEOUT_S)
        with contextlib.closing(connection):
            connection.request("DELETE", f"/proxies/{name}")
            connection.getresponse().read()


if __name__ == "__main__":
    # Ctrl-C and a closing terminal are for the run; this one goes when the pipe does.
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    reap(sys.stdin, sys.argv[1])
