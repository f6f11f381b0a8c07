"""Targets that do nothing at all while it is another one's turn, and a clock of processor time that sees a millisecond.

A stopped process can't collect garbage, run timers or look after its connections on a core that is another's to use.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from harness.provision.meter import cpu_seconds
from harness.provision.processes import Child

# Linux brings the clock of a process that runs up to date now and then only, and of one that has gone to sleep at once.
SETTLES_S = 0.001


@contextmanager
def paused(children: Sequence[Child]) -> Iterator[None]:
    """Stop processes, each with those that it started, for as long as the context lasts."""
    try:
        _signal(children, signal.SIGSTOP)
        yield
    finally:
        _signal(children, signal.SIGCONT)


@contextmanager
def resumed(child: Child) -> Iterator[None]:
    """Let one that is stopped go on for as long as the context lasts."""
    _signal([child], signal.SIGCONT)
    try:
        yield
    finally:
        _signal([child], signal.SIGSTOP)


def _signal(children: Sequence[Child], number: int) -> None:
    for child in children:
        with suppress(ProcessLookupError):  # it has died, which whoever asks it next will say
            os.killpg(child.process.pid, number)  # each leads a session of its own


class ProcessorClocks:
    """Clocks of the processor time of parts, each with the processes that it has started up to now."""

    def __init__(self, parts: Mapping[str, Child]) -> None:
        self._parts = parts
        self._pids = {
            name: [one.pid for one in (child.process, *child.process.children(recursive=True))]
            for name, child in parts.items()
        }

    def read(self) -> dict[str, float]:
        """Return the seconds of one core that each part has used so far.

        On Linux by clock_getcpuclockid(3), which Python does not have for other processes: it is made of their number.
        """
        if sys.platform != "linux":
            return cpu_seconds(self._parts)
        time.sleep(SETTLES_S)
        used = dict.fromkeys(self._pids, 0.0)
        for name, pids in self._pids.items():
            for pid in pids:
                with suppress(OSError):
                    used[name] += time.clock_gettime((~pid << 3) | 2)
        return used
