"""Questions by which a fault confirms itself: to PostgreSQL directly, and through the target's proxy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

import psutil
import psycopg2

from harness.faults.context import FaultContext, require_own

SILENCE_S = 0.5

# In the middle of a transaction that has written: it has an id, which reads have not.
WRITING = "backend_xid IS NOT NULL"
WAITING = "wait_event_type = 'Lock'"
# Parameters: how many milliseconds to wait for the end of each, and whose they are.
END_ALL = "SELECT count(pg_terminate_backend(pid, %s)) FROM pg_stat_activity WHERE application_name = %s"


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


def writing_backend(context: FaultContext) -> psutil.Process | None:
    """Return the process of a session of the target that has written and not committed, if there is one.

    Raises:
        HarnessError: PostgreSQL is not ours.
    """
    backends = require_own(context.postmaster, "PostgreSQL", "--postgres-url").children()
    pid = of_sessions(context, "min(pid)", WRITING)
    return next((backend for backend in backends if backend.pid == pid), None)


@contextmanager
def holding(context: FaultContext, *statements: str) -> Iterator[Any]:
    """Hold what statements lock, in a transaction of another client, and return its cursor."""
    with closing(context.direct()) as connection:
        cursor = connection.cursor()
        for statement in ("BEGIN", *statements):
            cursor.execute(statement)
        yield cursor


def holding_up_writes(context: FaultContext) -> AbstractContextManager[Any]:
    """Hold the table that every write inserts into."""
    return holding(context, f"LOCK TABLE {context.workload.handles.written_table} IN ACCESS EXCLUSIVE MODE")


class Question:
    """One question by the target's own way, asked in a thread, so that one that is never answered can be seen."""

    def __init__(
        self,
        context: FaultContext,
        query: str = "SELECT 1",
        connection: Any = None,  # noqa: ANN401 - psycopg2's
    ) -> None:
        self.error = ""
        self.took_s = 0.0
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

    def unanswered(self) -> str:
        """Wait for a while, and say so if there was neither an answer nor an error."""
        self._thread.join(SILENCE_S)
        return f"no answer in {SILENCE_S} s" if self._thread.is_alive() else ""

    def answered_s(self, within_s: float) -> float:
        """Seconds from the question, on an open connection, to the answer; 0 if there was none in time."""
        self._thread.join(within_s)
        return 0.0 if self._thread.is_alive() else self.took_s

    def failed(self, within_s: float) -> str:
        """Return the error that came in time; empty if none did."""
        self._thread.join(within_s)
        return self.error
