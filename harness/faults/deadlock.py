"""Two transactions wait for each other, and PostgreSQL ends one of them."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from threading import Thread
from typing import Any

import psycopg2

from harness.faults.base import BaseFault
from harness.faults.context import wait_for
from harness.faults.database import WAITING, WRITING, ask, holding, sessions

# What somebody has set for a server that is theirs.
SET_BEFORE = (
    "SELECT setting FROM pg_file_settings WHERE name = 'deadlock_timeout' AND sourcefile LIKE '%postgresql.auto.conf'"
)
RELOAD = "SELECT pg_reload_conf()"
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
# A write that waits for its second row holds its first, and has a transaction id by that.
HOLDING = f"{WAITING} AND {WRITING}"
# PostgreSQL looks for a deadlock once, so long after a wait began: late enough for us to close the circle, and before
# the targets' lock timeout, which would end the wait itself.
DETECT_MS = 400
ATTEMPTS = 4
ATTEMPT_S = 1.0
TOLD_S = 2.0  # a session adds to the count at the end of a later transaction, and no oftener than once a second


class Deadlock(BaseFault):
    """We hold the upper half of some rows and ask for the lower, as no write does: one that waits must fail."""

    needs = ("lock_order",)
    kind = "deadlock"
    detail = "two halves of one table"

    def inject(self) -> str:
        """Lock the upper half, wait for a write that holds of the lower, and ask for it; the proof is a count."""
        before = ask(self.context, DEADLOCKS) or 0
        self._detect_soon()
        locks = self.undo.enter_context(ExitStack())
        for _ in range(ATTEMPTS):
            closed = self._close_the_circle(locks)
            for wait_s in (ATTEMPT_S, TOLD_S) if closed else ():
                if proof := wait_for(lambda: self._counted(before), wait_s):
                    return proof
                locks.close()
            locks.close()
        return ""

    def _close_the_circle(self, locks: ExitStack) -> bool:
        order = self.handles.lock_order
        if order is None:
            return False
        # with so long a timeout that it is the write that finds the deadlock
        cursor = locks.enter_context(holding(self.context, "SET deadlock_timeout = '10s'", order.upper))
        holding_lower = f"{HOLDING} AND {order.waiting}".replace("%", "%%")
        if not wait_for(lambda: sessions(self.context, holding_lower), ATTEMPT_S):
            return False
        Thread(target=_lock, args=(cursor, order.lower), name="deadlock", daemon=True).start()
        return True

    def _detect_soon(self) -> None:
        """Set the timeout for the whole server, as sessions that are open can't be told otherwise, until healed."""
        set_before = ask(self.context, SET_BEFORE)
        change = f"SET deadlock_timeout = '{set_before}'" if set_before else "RESET deadlock_timeout"
        back = (f"ALTER SYSTEM {change}", RELOAD)
        self.undo.enter_context(self.context.undone_if_killed(statements=back))
        for statement in reversed(back):
            self.undo.callback(ask, self.context, statement)
        for statement in (f"ALTER SYSTEM SET deadlock_timeout = {DETECT_MS}", RELOAD):
            ask(self.context, statement)

    def _counted(self, before: int) -> str:
        more = (ask(self.context, DEADLOCKS) or 0) - before
        return f"PostgreSQL ended {more} deadlocks" if more > 0 else ""


def _lock(cursor: Any, query: str) -> None:  # noqa: ANN401 - psycopg2's
    with suppress(psycopg2.Error):
        cursor.execute(query)
