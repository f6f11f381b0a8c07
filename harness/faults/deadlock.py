"""Two transactions wait for each other, and PostgreSQL ends one of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, ClassVar

import psycopg2

from harness.faults.context import FaultContext, wait_for
from harness.faults.database import ask, sessions

DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
# A write that waits for its second row holds its first, and has a transaction id by that.
HOLDING = "wait_event_type = 'Lock' AND backend_xid IS NOT NULL"
# PostgreSQL looks for a deadlock once, so long after a wait began: late enough for us to close the circle, and before
# the targets' lock timeout, which would end the wait itself.
DETECT_MS = 400
ATTEMPTS = 4
ATTEMPT_S = 1.0
TOLD_S = 2.0  # a session adds to the count at the end of a later transaction, and no oftener than once a second


@dataclass(frozen=True, kw_only=True)
class Deadlock:
    """We hold the upper half of some rows and ask for the lower, as no write does: one that waits must fail."""

    needs: ClassVar = ("lock_order",)
    context: FaultContext
    kind: str = "deadlock"
    detail: str = "two halves of one table"
    connections: list[Any] = field(default_factory=list)

    def inject(self) -> str:
        """Lock the upper half, wait for a write that holds of the lower, and ask for it; the proof is a count."""
        before = ask(self.context, DEADLOCKS) or 0
        ask(self.context, f"ALTER SYSTEM SET deadlock_timeout = {DETECT_MS}")
        ask(self.context, "SELECT pg_reload_conf()")
        for _ in range(ATTEMPTS):
            closed = self._close_the_circle()
            proof = wait_for(lambda: self._counted(before), ATTEMPT_S) if closed else ""
            if proof:
                return proof
            self._let_go()
            proof = wait_for(lambda: self._counted(before), TOLD_S) if closed else ""
            if proof:
                return proof
        return ""

    def _close_the_circle(self) -> bool:
        order = self.context.workload.handles.lock_order
        if order is None:
            return False
        connection = self.context.direct()
        self.connections.append(connection)
        cursor = connection.cursor()
        cursor.execute("SET deadlock_timeout = '10s'")  # so that it is the write that finds the deadlock
        cursor.execute("BEGIN")
        cursor.execute(order.upper)
        holding = f"{HOLDING} AND {order.waiting}".replace("%", "%%")
        if not wait_for(lambda: "yes" if sessions(self.context, holding) else "", ATTEMPT_S):
            return False
        Thread(target=_lock, args=(cursor, order.lower), name="deadlock", daemon=True).start()
        return True

    def heal(self) -> None:
        """Let the locks go, and restore PostgreSQL's timeout."""
        self._let_go()
        ask(self.context, "ALTER SYSTEM RESET deadlock_timeout")
        ask(self.context, "SELECT pg_reload_conf()")

    def _let_go(self) -> None:
        while self.connections:
            with suppress(psycopg2.Error):
                self.connections.pop().close()

    def _counted(self, before: int) -> str:
        more = (ask(self.context, DEADLOCKS) or 0) - before
        return f"PostgreSQL ended {more} deadlocks" if more > 0 else ""


def _lock(cursor: Any, query: str) -> None:  # noqa: ANN401 - psycopg2's
    with suppress(psycopg2.Error):
        cursor.execute(query)
