"""A worker of the application hangs with requests in hand."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.worker_selection import busiest_worker


class FreezeWorker(BaseFault):
    """SIGSTOP to one of two workers: its clients wait, and its transactions keep their locks."""

    kind = "freeze_worker"
    detail = "SIGSTOP to one of two"

    def inject(self) -> str:
        """Stop one worker; the proof is its state."""
        worker, in_hand = busiest_worker(self.context)
        if worker is None or not self.freeze(worker):
            return ""
        return f"worker {worker.pid}, with {in_hand} connections, is stopped"
