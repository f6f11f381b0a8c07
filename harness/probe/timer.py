"""A timer that wakes a thread at a time which another may put off, again and again, without waking it for that.

A thread that wakes up takes the interpreter's lock from the one that runs, and gives it back. Linux has timers that are
files (timerfd_create(2)), which a thread can wait for outside the lock; Python has them from 3.13 on, and until then
they are called in the C library. Elsewhere the thread wakes up, sees that it was put off, and sleeps on.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time

_MONOTONIC, _CLOSE_ON_EXEC, _ABSOLUTE = 1, 0o2000000, 1  # Linux's numbers


class SleepingTimer:
    """A timer that sleeps, as often as it is put off."""

    def __init__(self) -> None:
        self._at_s = 0.0

    def set(self, at_s: float) -> None:
        """Let it go off at this time of the monotonic clock; a sleep that is under way is slept to its end."""
        self._at_s = at_s

    def wait(self) -> None:
        """Wait until it goes off."""
        while (left_s := self._at_s - time.monotonic()) > 0:
            time.sleep(left_s)


class KernelTimer:
    """A timer of the Linux kernel.

    Raises:
        OSError: The system has none.
    """

    def __init__(self) -> None:
        library = ctypes.PyDLL(None, use_errno=True)  # keeps the lock: giving it up takes longer than the call
        self._timer = library.timerfd_create(_MONOTONIC, _CLOSE_ON_EXEC)
        if self._timer < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._set = library.timerfd_settime

    def set(self, at_s: float) -> None:
        """Let it go off at this time of the monotonic clock."""
        seconds = int(at_s)
        # A period, which is none, and when: each in seconds and nanoseconds. Not kept: two threads may set it at once.
        times = (ctypes.c_long * 4)(0, 0, seconds, int(1e9 * (at_s - seconds)))
        self._set(self._timer, _ABSOLUTE, times, None)

    def wait(self) -> None:
        """Wait until it goes off."""
        os.read(self._timer, 8)


Timer = SleepingTimer | KernelTimer


def timer() -> Timer:
    """Return the best timer that this system has."""
    if sys.platform == "linux":
        try:
            return KernelTimer()
        except (OSError, AttributeError):  # a kernel, or a C library, that has no such timers
            pass
    return SleepingTimer()
