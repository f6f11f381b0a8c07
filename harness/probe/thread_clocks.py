"""Clocks of one thread that any thread may read: what it has computed, and how long it was ready without a core."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from contextlib import suppress

# Of the thread that opens it: nanoseconds on a core, nanoseconds ready without one, and how often it had one.
# (Linux, Documentation/scheduler/sched-stats.rst; a wait is added when it ends.)
SCHEDSTAT = "/proc/thread-self/schedstat"
STATE = "/proc/thread-self/stat"  # number, name in brackets, and R for a thread that runs or is ready
_BYTES = 100


class ThreadClocks:
    """Clocks of the thread that makes this, and of its process. One that the system has not stays at 0."""

    def __init__(self) -> None:
        self._schedstat: int | None = None
        self._state: int | None = None
        self._clock: int | None = None
        with suppress(OSError):
            # which keeps the interpreter's lock: who gives it up for so short a read waits for it again
            self._pread = ctypes.PyDLL(None).pread
            self._line = ctypes.create_string_buffer(_BYTES)
            self._schedstat = os.open(SCHEDSTAT, os.O_RDONLY)
            self._state = os.open(STATE, os.O_RDONLY)
        if hasattr(time, "pthread_getcpuclockid"):  # macOS does not know it
            self._clock = time.pthread_getcpuclockid(threading.get_ident())

    def computed_s(self) -> float:
        """Return how long the thread has computed so far."""
        return 0.0 if self._clock is None else time.clock_gettime(self._clock)

    def core_wait_s(self) -> float:
        """Return how long the thread was ready so far and had no core."""
        if self._schedstat is None:
            return 0.0
        return int(self._read(self._schedstat).split()[1]) / 1e9

    def is_ready(self) -> bool:
        """Say whether the thread has a core, or would run if it had one."""
        return self._state is not None and self._read(self._state).rpartition(b")")[-1].split()[:1] == [b"R"]

    def process_s(self) -> float:
        """Return how long all threads of the process have computed so far, together."""
        return time.process_time()

    def _read(self, file: int) -> bytes:
        length: int = self._pread(file, self._line, _BYTES, 0)
        return self._line.raw[:length]
