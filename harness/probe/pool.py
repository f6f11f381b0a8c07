"""A gauge of the connections that the application has checked out of its pool, in a small file of each process.

The file is mapped into memory, so that telling is a store of eight bytes: it never blocks, and whoever
asks needs no answer from a process that may hang or be gone. Loaded only where ``TWINBENCH_GAUGES`` names a folder.
"""

from __future__ import annotations

import mmap
import os
import struct
import threading
from pathlib import Path

from sqlalchemy import Pool, event

_COUNT = struct.Struct("=q")
SUFFIX = ".checked-out"


class PoolGauge:
    """Counts which connections of this process are checked out, of engines to come included."""

    def __init__(self, folder: Path) -> None:
        path = folder / f"{os.getpid()}{SUFFIX}"
        path.write_bytes(_COUNT.pack(0))
        with path.open("r+b") as file:
            self._told = mmap.mmap(file.fileno(), _COUNT.size)
        self._lock = threading.Lock()
        # by their records, as a connection that could not be opened is checked in without having been checked out
        self._out: set[int] = set()
        event.listen(Pool, "checkout", self._checked_out)
        event.listen(Pool, "checkin", self._checked_in)

    def _checked_out(self, _connection: object, record: object, _proxy: object) -> None:
        with self._lock:
            self._out.add(id(record))
            _COUNT.pack_into(self._told, 0, len(self._out))

    def _checked_in(self, _connection: object, record: object) -> None:
        with self._lock:
            self._out.discard(id(record))
            _COUNT.pack_into(self._told, 0, len(self._out))
