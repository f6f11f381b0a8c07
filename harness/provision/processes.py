"""Every process and folder that this run made: started, stopped and removed in one place.

Nothing that is started here outlives the run, however it ends (see ``reaper``), nor does what a run puts on servers of
others. Nothing that was not started here is ever signalled.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType

import psutil

from harness.errors import HarnessError, PartDied
from harness.provision import reaper
from harness.provision.account import Account, under

_POLL_S = 0.02
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, kw_only=True)
class Child:
    """A process that this run started."""

    name: str
    popen: subprocess.Popen[bytes]
    process: psutil.Process
    log: Path

    def running(self) -> bool:
        """Whether it still runs."""
        return self.popen.poll() is None

    def last_words(self) -> str:
        """Return the end of its log on one line, for the error that says it died."""
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return " | ".join(line.strip() for line in lines[-3:]) or "it wrote nothing"


class _Reaper:
    """The run's end of the pipe to the process that cleans up."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(16)
        self._popen = subprocess.Popen(
            [sys.executable, reaper.__file__, self.token],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
            bufsize=1,
        )
        os.environ[reaper.TOKEN_VARIABLE] = self.token  # for whatever is started from here on, such as initdb
        atexit.register(self.close)

    def tell(self, **fact: object) -> None:
        assert self._popen.stdin is not None  # noqa: S101 - for the type checker: stdin=PIPE above
        try:
            self._popen.stdin.write(json.dumps(fact) + "\n")
        except OSError as error:
            raise HarnessError(
                "The process that cleans up after a killed run has ended", "Start the run again"
            ) from error

    def close(self) -> None:
        # where there is much to do, or somebody presses Ctrl-C again, it goes on by itself
        with suppress(OSError, subprocess.TimeoutExpired, KeyboardInterrupt):
            self._popen.communicate(timeout=2 * reaper.GRACE_S)


_reaper = cache(_Reaper)


@dataclass(frozen=True, kw_only=True)
class Launch:
    """How a process is started and stopped.

    ``environment`` are variables on top of this process's own, and ``account`` is whom it runs as instead of us.
    ``stop_signal`` asks it to end in order; after ``grace_s`` seconds it and its descendants are killed. What it is
    told and tells goes by pipes if it is ``piped``, and only its errors into its log.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stop_signal: int = signal.SIGTERM
    grace_s: float = 5.0
    piped: bool = False


USUAL = Launch()


@contextmanager
def started(name: str, argv: Sequence[object], *, log: Path, launch: Launch = USUAL) -> Iterator[Child]:
    """Run a process, which people call ``name`` and whose output goes to ``log``, for as long as the context lasts.

    The log is for its owner alone: nobody knows what a program writes when something goes wrong.

    Raises:
        HarnessError: The program could not be started.
    """
    child = None
    try:
        with _undisturbed():
            child = _begun(name, argv, log, launch)
        yield child
    finally:
        if child:
            with _undisturbed():
                _ended(child, launch)


def _begun(name: str, argv: Sequence[object], log: Path, launch: Launch) -> Child:
    pipe = _reaper()
    try:
        with open(log, "ab", opener=_private) as sink:
            popen = subprocess.Popen(
                [str(part) for part in argv],
                stdin=subprocess.PIPE if launch.piped else subprocess.DEVNULL,
                stdout=subprocess.PIPE if launch.piped else sink,
                stderr=sink,
                env={**os.environ, **launch.environment},
                bufsize=0,
                start_new_session=True,  # Ctrl-C is for the run, which then ends its parts in order
                # a run's folder may be closed to the other account
                cwd=tempfile.gettempdir() if launch.account else None,
                **under(launch.account),
            )
    except OSError as error:
        raise HarnessError(f"{name} could not be started: {error}", f"Check {argv[0]}") from error
    process = psutil.Process(popen.pid)
    pipe.tell(started=popen.pid, created_s=process.create_time(), signal=int(launch.stop_signal))
    return Child(name=name, popen=popen, process=process, log=log)


def _ended(child: Child, launch: Launch) -> None:
    if child.running():
        reaper.stop(child.process, launch.stop_signal, launch.grace_s)
    child.popen.wait()
    for stream in filter(None, (child.popen.stdin, child.popen.stdout)):
        with suppress(OSError):
            stream.close()
    _reaper().tell(ended=child.popen.pid)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Put an interruption off to the end of the context: who was half ended would find its folder gone."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {one: handler for one in INTERRUPTIONS if callable(handler := signal.getsignal(one))}
    heard: list[tuple[int, FrameType | None]] = []
    for number in before:
        signal.signal(number, lambda *of_what: heard.append(of_what))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for of_which, frame in heard[:1]:
        before[signal.Signals(of_which)](of_which, frame)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def wait_until(ready: Callable[[], bool], child: Child, timeout_s: float) -> None:
    """Wait until a started process is ready.

    Raises:
        PartDied: It ended first, or was not ready in ``timeout_s`` seconds.
    """
    deadline = time.monotonic() + timeout_s
    while not ready():
        if not child.running():
            raise PartDied(
                f"{child.name} ended at once with code {child.popen.returncode}: {child.last_words()}",
                f"Read {child.log}",
            )
        if time.monotonic() > deadline:
            raise PartDied(f"{child.name} was not ready after {timeout_s:.0f} s", f"Read {child.log}")
        time.sleep(_POLL_S)


@contextmanager
def temporary_folder(prefix: str, *, within: Path, account: Account | None = None) -> Iterator[Path]:
    """Make a folder, owned by ``account`` if given, for as long as the context lasts.

    Raises:
        HarnessError: ``within`` cannot be written to.
    """
    pipe, path = _reaper(), within / f"{prefix}{secrets.token_hex(8)}"
    pipe.tell(folder=str(path))  # before it is there: a kill may come in between
    try:
        try:
            path.mkdir(mode=0o700)
        except OSError as error:
            raise HarnessError(
                f"No folder could be made in {within}: {error.strerror}", "Free space there, or set TMPDIR"
            ) from error
        if account:
            os.chown(path, account.uid, account.gid)
        yield path
    finally:
        with _undisturbed():
            shutil.rmtree(path, ignore_errors=True)
            if not path.exists():  # a program that has not ended yet may have written into it
                pipe.tell(removed=str(path))


@contextmanager
def undone_if_killed(**remedy: object) -> Iterator[None]:
    """Have the process that cleans up undo what the context puts on somebody's server, and takes away at its end.

    It does so too after Ctrl-C, of which a second may come while that goes on; so it must do no harm where all is
    undone. ``remedy`` is what ``reaper.reap`` knows: ``postgres`` and ``statements``, or ``toxiproxy`` and ``proxy``.
    """
    pipe, key = _reaper(), secrets.token_hex(8)
    pipe.tell(owed=key, **remedy)
    try:
        yield
    except Exception:
        pipe.tell(settled=key)
        raise
    pipe.tell(settled=key)
