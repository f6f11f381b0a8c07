"""Standard output and standard error that may be full, closed, or a pipe that nobody reads any more."""

from __future__ import annotations

import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

from harness.errors import HarnessError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class OutputLost(HarnessError):
    """Standard output takes no more."""


class _Output(io.FileIO):
    """A descriptor whose first write that fails is told, if it is to be; what comes after that is dropped."""

    told = True
    lost = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Write, or drop what can't be written.

        Raises:
            OutputLost: It was standard output, and the first time.
        """
        count = memoryview(data).nbytes
        if self.lost:
            return count
        try:
            while (written := super().write(data)) is None:  # whoever shares it with us wants no write to wait
                select.select([], [self], [])
        except OSError as error:
            self.lost = True
            if not self.told:
                return count
            said = f"Standard output can't be written to: {error.strerror}"
            raise OutputLost(said, "Send it elsewhere") from error
        return written


class _Errors(_Output):
    """Standard error: progress that can't be shown is no reason to end a run."""

    told = False


def guard() -> None:
    """Put both in place; one that is closed leads nowhere, so that no file of ours is opened in its place."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free, which is this one
    sys.stdout, sys.stderr = _text(_Output(1, "w", closefd=False)), _text(_Errors(2, "w", closefd=False))


def _text(raw: io.FileIO) -> TextIO:
    return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", "backslashreplace", line_buffering=True)
