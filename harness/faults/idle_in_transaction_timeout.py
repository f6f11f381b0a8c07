"""A client pauses in the middle of its transaction, and PostgreSQL ends the session."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar

import psutil

from harness.faults.context import FaultContext, wait_for
from harness.faults.database import sessions

TRIES = 20
IDLE = "state = 'idle in transaction'"


@dataclass(frozen=True, kw_only=True)
class IdleInTransactionTimeout:
    """The application stops (a debugger, a frozen host) with transactions open, longer than the session may idle."""

    needs: ClassVar = ("time_limits",)
    context: FaultContext
    kind: str = "idle_in_transaction_timeout"
    detail: str = "workers stopped longer than 1 s"
    frozen: list[psutil.Process] = field(default_factory=list)

    def inject(self) -> str:
        """Stop the workers; the proof is that sessions idled in their transactions, and were ended."""
        for _ in range(TRIES):
            for process in self.context.workers():
                self.frozen.append(process)
                process.send_signal(signal.SIGSTOP)
            idle = sessions(self.context, IDLE)
            if idle:
                ended = wait_for(lambda: "yes" if sessions(self.context, IDLE) == 0 else "")
                return f"{idle} sessions idled in their transactions and were ended" if ended else ""
            self.heal()  # they were stopped between two transactions
            wait_for(lambda: "yes" if sessions(self.context, IDLE) else "", 0.3)
        return ""

    def heal(self) -> None:
        """Let the workers go on."""
        while self.frozen:
            with suppress(psutil.NoSuchProcess):
                self.frozen.pop().send_signal(signal.SIGCONT)
