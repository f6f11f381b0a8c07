"""A worker of the application crashes with requests in hand."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from harness.faults.context import FaultContext
from harness.faults.worker_selection import end_busiest_worker, wait_until_replaced


@dataclass(frozen=True, kw_only=True)
class KillWorker:
    """SIGKILL: no handler runs, no rollback is sent; PostgreSQL sees the connections end."""

    context: FaultContext
    kind: str = "kill_worker"
    detail: str = "SIGKILL to one of two"

    def inject(self) -> str:
        """Signal one worker; the proof is that it is gone."""
        return end_busiest_worker(self.context, signal.SIGKILL)

    def heal(self) -> None:
        """Wait until the server has replaced it."""
        wait_until_replaced(self.context)
