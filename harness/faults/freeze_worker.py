"""A worker of the application hangs with requests in hand."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from harness.faults.context import FaultContext, wait_for
from harness.faults.worker_selection import busiest_worker


@dataclass(frozen=True, kw_only=True)
class FreezeWorker:
    """SIGSTOP to one of two workers: its clients wait, and its transactions keep their locks."""

    context: FaultContext
    kind: str = "freeze_worker"
    detail: str = "SIGSTOP to one of two"
    frozen: list[psutil.Process] = field(default_factory=list)

    def inject(self) -> str:
        """Stop one worker; the proof is its state."""
        worker, in_hand = busiest_worker(self.context)
        if worker is None:
            return ""
        self.frozen.append(worker)
        worker.send_signal(signal.SIGSTOP)
        stopped = wait_for(lambda: "yes" if worker.status() == psutil.STATUS_STOPPED else "", 1.0)
        return f"worker {worker.pid}, with {in_hand} connections, is stopped" if stopped else ""

    def heal(self) -> None:
        """Let it go on."""
        while self.frozen:
            with suppress(psutil.NoSuchProcess):
                self.frozen.pop().send_signal(signal.SIGCONT)
