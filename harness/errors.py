"""Exit codes, and errors that the harness shows: what is wrong, with its value, and the next step.

The command line prints ``str(error)`` as one line and exits with ``error.exit_code``;
a traceback is for bugs only.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What ``twinbench`` tells the shell."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    UNDECIDED = 3
    HARNESS = 4
    INTERRUPTED = 130


class HarnessError(Exception):
    """The harness could not do its work.

    Args:
        what: What went wrong, with the thing and its value, no full stop.
        fix: The next step for the person who reads it, no full stop.
    """

    exit_code = ExitCode.HARNESS

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what, fix)
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what}. {self.fix}."


class UsageError(HarnessError):
    """The person asked for something that does not exist or cannot be."""

    exit_code = ExitCode.USAGE


class PartMissing(HarnessError):
    """A part (PostgreSQL, Toxiproxy, …) can be had in no way on this machine."""


class PartDied(HarnessError):
    """A process that the run depends on ended while it was needed."""


class RecorderFailed(HarnessError):
    """The load generator could not keep a full record; its run proves nothing."""


class EvidenceUnreadable(HarnessError):
    """A stored run is missing, torn or of another version."""

    exit_code = ExitCode.USAGE


class NothingMeasured(HarnessError):
    """A run was killed before it had a plan, so nothing can be said of it."""

    exit_code = ExitCode.UNDECIDED
