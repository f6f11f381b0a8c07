"""The generator's record: every request as raw nanoseconds, in a columnar file that survives a kill."""

from pathlib import Path

import gevent
import pyarrow as pa

from harness.model.request_record import Op
from harness.ops_file import SCHEMA

FLUSH_S = 0.25


class Recorder:
    """Keeps one record a request. The first failure is kept and raised at ``close``: no record, no run."""

    def __init__(self, path: Path) -> None:
        self.recorded = 0
        self._ops: list[Op] = []
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_stream(self._sink, SCHEMA)
        self._failure: Exception | None = None
        self._flusher = gevent.spawn(self._flush_for_ever)

    def add(self, op: Op) -> None:
        """Record one request that has come to its end."""
        self._ops.append(op)
        self.recorded += 1

    def close(self) -> int:
        """Write what is left and return how many were recorded.

        Raises:
            Exception: Whatever first went wrong in writing.
        """
        self._flusher.kill()
        self._flush()
        if self._failure is not None:
            raise self._failure
        self._writer.close()
        self._sink.close()
        return self.recorded

    def _flush_for_ever(self) -> None:
        while self._failure is None:
            gevent.sleep(FLUSH_S)
            self._flush()

    def _flush(self) -> None:
        ops, self._ops = self._ops, []
        if not ops or self._failure is not None:
            return
        try:
            columns = [pa.array([getattr(op, column.name) for op in ops], column.type) for column in SCHEMA]
            self._writer.write_batch(pa.record_batch(columns, schema=SCHEMA))
        except Exception as error:  # noqa: BLE001 - kept, and raised by close() where it fails the run
            self._failure = error
