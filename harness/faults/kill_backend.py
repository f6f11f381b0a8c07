"""A server process of PostgreSQL crashes, and PostgreSQL restarts them all."""

from __future__ import annotations

import psutil

from harness.faults.base import BaseFault
from harness.faults.context import wait_for
from harness.faults.database import ask, writing_backend

RECOVERY_TIMEOUT_S = 10.0


class KillBackend(BaseFault):
    """SIGKILL to one session's process, as the kernel does when memory runs out: all sessions end, WAL is replayed."""

    kind = "kill_backend"
    detail = "SIGKILL"

    def inject(self) -> str:
        """Kill one that has written and not committed; the proof is that it is gone."""
        # what is undone is by PostgreSQL itself, as it recovers
        self.undo.callback(wait_for, lambda: ask(self.context, "SELECT 1"), RECOVERY_TIMEOUT_S)
        return wait_for(self._kill_one)

    def _kill_one(self) -> str:
        backend = writing_backend(self.context)
        if backend is None:
            return ""
        backend.kill()
        gone, _ = psutil.wait_procs([backend], timeout=2)
        return f"session {backend.pid}, in its transaction, was killed" if gone else ""
