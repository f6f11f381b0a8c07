"""A server process of PostgreSQL crashes, and PostgreSQL restarts them all."""

from __future__ import annotations

import signal
from dataclasses import dataclass

import psutil

from harness.errors import HarnessError
from harness.faults.context import FaultContext, wait_for
from harness.faults.database import WRITING, ask, of_sessions

RECOVERY_TIMEOUT_S = 10.0


@dataclass(frozen=True, kw_only=True)
class KillBackend:
    """SIGKILL to one session's process, as the kernel does when memory runs out: all sessions end, WAL is replayed."""

    context: FaultContext
    kind: str = "kill_backend"
    detail: str = "SIGKILL"

    def inject(self) -> str:
        """Kill one that has written and not committed; the proof is that it is gone."""
        return wait_for(self._kill_one)

    def heal(self) -> None:
        """Wait until PostgreSQL has recovered by itself."""
        wait_for(lambda: "up" if ask(self.context, "SELECT 1") else "", RECOVERY_TIMEOUT_S)

    def _kill_one(self) -> str:
        if self.context.postmaster is None:
            raise HarnessError("PostgreSQL is not ours to kill", "Leave --postgres-url out")
        pid = of_sessions(self.context, "min(pid)", WRITING)
        backends = {process.pid: process for process in self.context.postmaster.children()}
        if pid not in backends:
            return ""
        backends[pid].send_signal(signal.SIGKILL)
        gone, _ = psutil.wait_procs([backends[pid]], timeout=2)
        return f"session {pid}, in its transaction, was killed" if gone else ""
