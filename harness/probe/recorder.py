"""A recorder of samples: a file of each process, written by a thread of its own, so that no probe waits for a disk.

The file is a row of lists in the format of ``marshal``, which costs a tenth of JSON; ``marshal.load`` reads one after
the other. In them are samples: ``(t_ns, kind, value, labels)``, where the kind is the probe, the metric and the names
of the labels, and labels are their values only. What can't be written is dropped, and counted.
"""

from __future__ import annotations

import marshal
import os
import threading
import time
from collections import deque
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
        self._taken = 0
        threading.Thread(target=self._write, name="twinbench recorder", daemon=True).start()

    def note(self, probe: str, metric: str, value: float, **labels: Label) -> None:
        """Take one sample, at this moment."""
        self.take((probe, metric, tuple(labels)), value, *labels.values())

    def take(self, kind: Kind, value: float, *labels: Label) -> None:
        """Take one sample of a kind that is known beforehand, as many a second are: no names are put together."""
        self._taken += 1
        self._waiting.append((time.monotonic_ns(), kind, value, labels))

    def _write(self) -> None:
        written = 0
        file = None
        while True:
            time.sleep(FLUSH_S)
            samples = []
            while self._waiting:
                samples.append(self._waiting.popleft())
            if not samples:
                continue
            written += len(samples)
            lost = self._taken - written - len(self._waiting)
            if lost > 0:
                written += lost
                samples.append((time.monotonic_ns(), LOST, lost, ()))
            try:
                file = file or self._path.open("ab", buffering=0)
                file.write(marshal.dumps(samples))
            except OSError:
                return  # there is nobody to tell; that there are no samples is seen by whoever looks for them
