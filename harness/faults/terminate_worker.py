"""A worker of the application is asked to end with requests in hand: a deployment."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from harness.faults.context import FaultContext, wait_for
from harness.faults.worker_selection import busiest_worker, has_ended

WORKERS = 2
REPLACED_TIMEOUT_S = 15.0


@dataclass(frozen=True, kw_only=True)
class TerminateWorker:
    """SIGTERM: the worker may finish what it has begun, within its grace."""

    context: FaultContext
    kind: str = "terminate_worker"
    colour: str = "--fault-application"
    detail: str = "SIGTERM to one of two"

    def inject(self) -> str:
        """Signal one worker; the proof is that it is gone."""
        victim, in_hand = busiest_worker(self.context)
        if victim is None:
            return ""
        victim.send_signal(signal.SIGTERM)
        ended = wait_for(lambda: "yes" if has_ended(victim) else "")
        return f"worker {victim.pid}, with {in_hand} connections, is gone" if ended else ""

    def heal(self) -> None:
        """Wait until the server has replaced it."""
        wait_for(lambda: "yes" if len(self.context.workers()) >= WORKERS else "", REPLACED_TIMEOUT_S)
