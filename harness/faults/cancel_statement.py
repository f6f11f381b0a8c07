"""An administrator cancels a statement in the middle of a transaction."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import ClassVar

from harness.faults.context import FaultContext, wait_for
from harness.faults.database import ask, of_sessions, sessions

LEAST = 3
LOCKED = "wait_event_type = 'Lock'"


@dataclass(frozen=True, kw_only=True)
class CancelStatement:
    """``pg_cancel_backend`` on a statement that waits: it fails, its session stays, and its transaction is void."""

    needs: ClassVar = ("written_table",)
    context: FaultContext
    kind: str = "cancel_statement"
    detail: str = "pg_cancel_backend"

    def inject(self) -> str:
        """Lock a table that all write to and cancel those who wait; the proof is how many waited and wait no more."""
        with closing(self.context.direct()) as connection, connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"LOCK TABLE {self.context.workload.handles.written_table} IN ACCESS EXCLUSIVE MODE")
            return wait_for(self._cancel)

    def heal(self) -> None:
        """There is nothing to undo: the lock went with its connection."""

    def _cancel(self) -> str:
        pids = of_sessions(self.context, "array_agg(pid)", LOCKED) or []
        if len(pids) < LEAST:
            return ""
        ask(self.context, f"SELECT count(pg_cancel_backend(pid)) FROM unnest(ARRAY{pids}) pid")
        # those that come after them wait in their turn, so each is asked after by itself
        still = f"{LOCKED} AND pid = ANY(ARRAY{pids}) AND now() - query_start > interval '200 ms'"
        ended = wait_for(lambda: "" if sessions(self.context, still) else "yes", 1.0)
        return f"{len(pids)} statements waited, were cancelled and wait no more" if ended else ""
