"""The requests of a trial on disk: an Arrow stream with the columns of ``Op``, one batch after the other.

Batches are appended as load runs, so whatever ends the process leaves every whole batch readable; only what came after
the last one is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, get_type_hints

import pyarrow as pa

from harness.model.request_record import Op, Outcome
from harness.stored_file import read_file, unreadable

if TYPE_CHECKING:
    import pandas as pd

_TYPES = {int: pa.int64(), bool: pa.bool_()}  # all else is text
SCHEMA = pa.schema([(name, _TYPES.get(kind, pa.string())) for name, kind in get_type_hints(Op).items()])
OUTCOMES = frozenset(Outcome)


def read_ops(path: Path) -> pd.DataFrame | None:
    """Read all whole batches as a frame; None if there is none.

    Raises:
        EvidenceUnreadable: It has other columns, or outcomes that there are not.
    """
    batches = list(_batches(path))
    if not batches:
        return None
    frame: pd.DataFrame = pa.Table.from_batches(batches).to_pandas()
    if unknown := set(frame["outcome"].unique()) - OUTCOMES:
        raise unreadable(path, f"it has the outcome {min(unknown)!r}, and there are {', '.join(Outcome)}")
    return frame


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield batches up to the first that is torn or altered.

    Each is validated before anything is made of it: of one flipped bit the library takes an offset, and the process
    ends by a signal. All are read from memory: of a file it would make room for as much as a length in it says.
    """
    data = pa.py_buffer(read_file(path))
    with suppress(pa.ArrowException, OSError):
        reader = pa.ipc.open_stream(data)
        if not reader.schema.equals(SCHEMA):
            raise unreadable(path, "it has other columns than a record of requests")
        for batch in reader:
            batch.validate(full=True)
            if any(column.null_count for column in batch.columns):
                return
            yield batch
