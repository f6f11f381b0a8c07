"""A worker of the application is asked to end with requests in hand: a deployment."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from harness.faults.context import FaultContext
from harness.faults.worker_selection import end_busiest_worker, wait_until_replaced


@dataclass(frozen=True, kw_only=True)
class TerminateWorker:
    """SIGTERM: the worker may finish what it has begun, within its grace."""

    context: FaultContext
    kind: str = "terminate_worker"
    detail: str = "SIGTERM to one of two"

    def inject(self) -> str:
        """Signal one worker; the proof is that it is gone."""
        return end_busiest_worker(self.context, signal.SIGTERM)

    def heal(self) -> None:
        """Wait until the server has replaced it."""
        wait_until_replaced(self.context)
