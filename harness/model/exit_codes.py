"""Exit codes of ``twinbench``."""

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
