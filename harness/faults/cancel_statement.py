"""An administrator cancels a statement in the middle of a transaction."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.context import wait_for
from harness.faults.database import WAITING, ask, holding_up_writes, of_sessions, sessions

LEAST = 3


class CancelStatement(BaseFault):
    """``pg_cancel_backend`` on a statement that waits: it fails, its session stays, and its transaction is void."""

    needs = ("written_table",)
    kind = "cancel_statement"
    detail = "pg_cancel_backend"

    def inject(self) -> str:
        """Lock a table that all write to and cancel those who wait; the proof is how many waited and wait no more."""
        with holding_up_writes(self.context):
            return wait_for(self._cancel)

    def _cancel(self) -> str:
        pids = of_sessions(self.context, "array_agg(pid)", WAITING) or []
        if len(pids) < LEAST:
            return ""
        ask(self.context, f"SELECT count(pg_cancel_backend(pid)) FROM unnest(ARRAY{pids}) pid")
        # those that come after them wait in their turn, so each is asked after by itself
        still = f"{WAITING} AND pid = ANY(ARRAY{pids}) AND now() - query_start > interval '200 ms'"
        ended = wait_for(lambda: not sessions(self.context, still), 1.0)
        return f"{len(pids)} statements waited, were cancelled and wait no more" if ended else ""
