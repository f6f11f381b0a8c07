"""A recorder of samples: a file of each process, written by a thread of its own, so that no probe waits for a disk.

The file is a row of lists in the format of ``marshal``, which costs a tenth of JSON; ``marshal.load`` reads one after
the other. In them are samples: ``(t_ns, kind, value, labels)``, where the kind is the probe, the metric and the names
of the labels, and labels are their values only. What can't be written is dropped, and counted.
"""

from __future__ import annotations

import atexit
import marshal
import os
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

FOLDER_VARIABLE = "TWINBENCH_SAMPLES"
SUFFIX = ".samples"
FLUSH_S = 0.5
MOST_KEPT = 200_000  # between two flushes; beyond, the oldest go, and the loss is told

Kind = tuple[str, str, tuple[str, ...]]  # probe, metric, names of labels
# A place is a file, a line and a function; what is not known is None, and left out by whoever reads it.
Label = str | int | float | tuple[str, int, str] | None

LOST: Kind = ("recorder", "lost", ())


class Recorder:
    """Takes samples from any thread, and never raises into it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{os.getpid()}{SUFFIX}"
        self._waiting: deque[tuple[int, Kind, float, tuple[Label, ...]]] = deque(maxlen=MOST_KEPT)
        self._taken = self._written = 0
        self._writing = threading.Lock()
        atexit.register(self._write)  # what came after the last flush
        os.register_at_fork(after_in_child=lambda: atexit.unregister(self._write))  # whose samples these are not
        threading.Thread(target=self._write_for_ever, name="twinbench recorder", daemon=True).start()

    def note(self, probe: str, metric: str, value: float, **labels: Label) -> None:
        """Take one sample, at this moment."""
        self.take((probe, metric, tuple(labels)), value, *labels.values())

    def take(self, kind: Kind, value: float, *labels: Label) -> None:
        """Take one sample of a kind that is known beforehand, as many a second are: no names are put together."""
        self._waiting.append((time.monotonic_ns(), kind, value, labels))
        self._taken += 1  # counted when it is there: what is not there yet is not lost

    def _write_for_ever(self) -> None:
        while True:
            time.sleep(FLUSH_S)
            self._write()

    def _write(self) -> None:
        with self._writing, suppress(OSError):  # nobody to tell: who looks for samples sees that there are none
            samples = []
            while self._waiting:
                samples.append(self._waiting.popleft())
            self._written += len(samples)
            lost = self._taken - self._written - len(self._waiting)
            if lost > 0:
                self._written += lost
                samples.append((time.monotonic_ns(), LOST, lost, ()))
            if samples:
                with self._path.open("ab", buffering=0) as file:
                    file.write(marshal.dumps(samples))
