"""Questions by which a fault confirms itself: to PostgreSQL directly, and through the target's proxy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg2

from harness.faults.context import FaultContext

# In the middle of a transaction that has written: it has an id, which reads have not.
WRITING = "backend_xid IS NOT NULL"


def ask(context: FaultContext, query: str, **parameters: object) -> Any:  # noqa: ANN401 - whatever the query gives
    """Ask PostgreSQL one thing, directly, and return the first value; None if it can't be asked."""
    try:
        with closing(context.direct()) as connection, connection.cursor() as cursor:
            cursor.execute(query, parameters or None)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None
    except psycopg2.Error:
        return None


def of_sessions(context: FaultContext, value: str, condition: str = "true") -> Any:  # noqa: ANN401 - as in ``ask``
    """Read a value of the target's sessions of which a condition on ``pg_stat_activity`` holds."""
    name = context.workload.database.application_name
    return ask(
        context, f"SELECT {value} FROM pg_stat_activity WHERE application_name = %(name)s AND {condition}", name=name
    )


def sessions(context: FaultContext, condition: str = "true") -> int:
    """Count the target's sessions of which a condition holds."""
    return int(of_sessions(context, "count(*)", condition) or 0)


class Question:
    """One question by the target's own way, asked in a thread, so that one that is never answered can be seen."""

    def __init__(
        self,
        context: FaultContext,
        query: str = "SELECT 1",
        connection: Any = None,  # noqa: ANN401 - psycopg2's
    ) -> None:
        self.error = ""
        self.took_s: float | None = None
        self._query = query
        self._open: Callable[[], Any] = context.through if connection is None else lambda: connection
        self._thread = threading.Thread(target=self._ask, name="question", daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        try:
            with closing(self._open()) as connection, connection.cursor() as cursor:
                began_s = time.monotonic()
                cursor.execute(self._query)
                self.took_s = time.monotonic() - began_s
        except (psycopg2.Error, OSError) as error:
            self.error = str(error).strip().partition("\n")[0] or type(error).__name__

    def unanswered(self, after_s: float) -> bool:
        """Whether there was no answer and no error after so many seconds."""
        self._thread.join(after_s)
        return self._thread.is_alive()

    def answered_s(self, within_s: float) -> float | None:
        """Seconds from the question, on an open connection, to the answer; None if there was none in time."""
        self._thread.join(within_s)
        return None if self._thread.is_alive() else self.took_s

    def failed(self, within_s: float) -> str:
        """Return the error that came in time; empty if none did."""
        self._thread.join(within_s)
        return self.error
