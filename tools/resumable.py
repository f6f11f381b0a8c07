"""What takes long and goes on where it was stopped: its folder, which it has for itself, and how it ends."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console

from harness.commands.interruption import ended_in_order
from harness.errors import ExitCode, HarnessError, UsageError


@contextmanager
def held(out: Path, what: str) -> Iterator[int]:
    """Hold a folder for ourselves, and yield its lock, which what outlives us may hold on to.

    Raises:
        UsageError: It can't be written to, or is in use.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = os.open(out / ".lock", os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise UsageError(
            f"Results can't be written to {out}: {error.strerror}", "Name another folder by --out"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield lock
    except BlockingIOError as error:
        raise UsageError(f"A run of the {what} in {out} is going on", "Wait until it has ended") from error
    finally:
        os.close(lock)


def carried_out(command: Callable[..., int], name: str) -> None:
    """Run a command of this process's words, turn whatever ends it into one line, and exit with its code."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(command)
    told, code = "", ExitCode.PASS
    try:
        with ended_in_order():
            code = app(standalone_mode=False)
    except HarnessError as error:
        told, code = str(error), error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = ExitCode.INTERRUPTED
    except typer.TyperException as error:
        wrong = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
        told, code = f"{wrong.rstrip('.')}. Say '--help'.", ExitCode.USAGE
    if code == ExitCode.INTERRUPTED:
        told, code = "stopped. The same command goes on, and keeps the runs that are done.", ExitCode.UNDECIDED
    if told:
        Console(stderr=True).print(f"{name}: {told}", markup=False, highlight=False, soft_wrap=True)
    sys.exit(code)
