"""A client pauses in the middle of its transaction, and PostgreSQL ends the session."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.context import wait_for
from harness.faults.database import sessions

TRIES = 20
IDLE = "state = 'idle in transaction'"


class IdleInTransactionTimeout(BaseFault):
    """The application stops (a debugger, a frozen host) with transactions open, longer than the session may idle."""

    needs = ("time_limits",)
    kind = "idle_in_transaction_timeout"
    detail = "workers stopped longer than 1 s"

    def inject(self) -> str:
        """Stop the workers; the proof is that sessions idled in their transactions, and were ended."""
        for _ in range(TRIES):
            for process in self.context.workers():
                self.freeze(process)
            idle = sessions(self.context, IDLE)
            if idle:
                ended = wait_for(lambda: not sessions(self.context, IDLE))
                return f"{idle} sessions idled in their transactions and were ended" if ended else ""
            self.heal()  # they were stopped between two transactions
            wait_for(lambda: sessions(self.context, IDLE), 0.3)
        return ""
