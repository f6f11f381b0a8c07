"""The generator's record: every request as raw nanoseconds, in a columnar file that survives a kill.

The file is an Arrow IPC stream. Batches are appended as load runs, so whatever ends the process
leaves every whole batch readable; only what came after the last one is lost.
"""

from __future__ import annotations

from pathlib import Path

import gevent
import pyarrow as pa

FLUSH_S = 0.25
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("name", pa.string()),
        ("key", pa.string()),
        ("intended_ns", pa.int64()),
        ("started_ns", pa.int64()),
        ("ended_ns", pa.int64()),
        ("outcome", pa.string()),
        ("status", pa.int16()),
        ("error", pa.string()),
        ("named", pa.bool_()),
        ("said", pa.string()),
        ("asked", pa.string()),
    ]
)

Row = tuple[int, str, str, int, int, int, str, int, str, bool, str, str]


class Recorder:
    """Keeps one record a request. The first failure is kept and raised at ``close``: no record, no run."""

    def __init__(self, path: Path) -> None:
        self.recorded = 0
        self._rows: list[Row] = []
        self._sink = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_stream(self._sink, SCHEMA)
        self._failure: Exception | None = None
        self._flusher = gevent.spawn(self._flush_for_ever)

    def add(  # noqa: PLR0913 - the columns of a record
        self,
        *,
        name: str,
        key: str,
        intended_ns: int,
        started_ns: int,
        ended_ns: int,
        outcome: str,
        status: int,
        error: str,
        named: bool = False,
        said: str = "",
        asked: str = "",
    ) -> None:
        """Record one request that has come to its end."""
        self._rows.append(
            (self.recorded, name, key, intended_ns, started_ns, ended_ns, outcome, status, error, named, said, asked)
        )
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
        rows, self._rows = self._rows, []
        if not rows or self._failure is not None:
            return
        try:
            columns = [
                pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)
            ]
            self._writer.write_batch(pa.record_batch(columns, schema=SCHEMA))
        except Exception as error:  # noqa: BLE001 - kept, and raised by close() where it fails the run
            self._failure = error
