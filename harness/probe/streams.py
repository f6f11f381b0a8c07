"""Rows that SQLAlchemy reads in parts, by a cursor in the database: counted as they come."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from sqlalchemy.engine.cursor import BufferedRowCursorFetchStrategy as Buffered

from harness.probe.asked import by_dialect, under_way

Call = Callable[..., Any]
# What fills the buffer: it is told by what is in there afterwards, and was handed on, that was not there before.
FILLS = ("_buffer_rows", "fetchmany", "fetchall")


def tell_streams() -> None:
    """Count the rows of streams from now on; a row that comes from the buffer costs nothing more."""
    for name in FILLS:
        setattr(Buffered, name, _counting(getattr(Buffered, name)))
    Buffered.__init__ = _counting_first(Buffered.__init__)  # type: ignore[method-assign]  # there is no event


def _counting(original: Call) -> Call:
    @wraps(original)
    def fill(strategy: Any, result: Any, cursor: Any, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - as SQLAlchemy's
        asked = under_way.get()
        if asked is None:
            return original(strategy, result, cursor, *args, **named)
        before = len(strategy._rowbuffer)  # noqa: SLF001 - told by nothing else
        token = by_dialect.set(True)
        try:
            rows = original(strategy, result, cursor, *args, **named)
        finally:
            by_dialect.reset(token)
        asked.brought(cursor, len(rows or ()) + len(strategy._rowbuffer) - before)  # noqa: SLF001 - the same
        return rows

    return fill


def _counting_first(original: Call) -> Call:
    @wraps(original)
    def begin(strategy: Any, cursor: Any, *args: Any, **named: Any) -> None:  # noqa: ANN401 - as SQLAlchemy's
        token = by_dialect.set(True)
        try:
            original(strategy, cursor, *args, **named)
        finally:
            by_dialect.reset(token)
        if (asked := under_way.get()) is not None:
            asked.brought(cursor, len(strategy._rowbuffer))  # noqa: SLF001 - the same

    return begin
