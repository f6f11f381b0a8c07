"""Clocks of one thread, which any thread may read: how long it has computed, and waited for a core."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress

# Of the thread that opens it: nanoseconds on a core, nanoseconds ready without one, and how often it had one.
# (Linux, Documentation/scheduler/sched-stats.rst; a wait is added when it ends.)
SCHEDSTAT = "/proc/thread-self/schedstat"


class ThreadClocks:
    """The clocks of the thread that makes this. One that the system does not have stays at 0."""

    def __init__(self) -> None:
        self._schedstat: int | None = None
        self._clock: int | None = None
        with suppress(OSError):
            self._schedstat = os.open(SCHEDSTAT, os.O_RDONLY)
        if hasattr(time, "pthread_getcpuclockid"):  # macOS does not know it
            self._clock = time.pthread_getcpuclockid(threading.get_ident())

    def computed_s(self) -> float:
        """Return how long the thread has computed so far."""
        return 0.0 if self._clock is None else time.clock_gettime(self._clock)

    def core_wait_s(self) -> float:
        """Return how long the thread was ready so far and had no core."""
        if self._schedstat is None:
            return 0.0
        return int(os.pread(self._schedstat, 100, 0).split()[1]) / 1e9
