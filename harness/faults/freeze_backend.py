"""One server process of PostgreSQL hangs in the middle of a transaction, with all that it has locked."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from harness.errors import HarnessError
from harness.faults.context import FaultContext, wait_for
from harness.faults.database import WRITING, of_sessions


@dataclass(frozen=True, kw_only=True)
class FreezeBackend:
    """SIGSTOP to one session's process: its client waits for an answer that no error replaces."""

    context: FaultContext
    kind: str = "freeze_backend"
    detail: str = "SIGSTOP"
    frozen: list[psutil.Process] = field(default_factory=list)

    def inject(self) -> str:
        """Stop one that has written and not committed; the proof is its state."""
        return wait_for(self._freeze_one)

    def heal(self) -> None:
        """Let it go on."""
        while self.frozen:
            with suppress(psutil.NoSuchProcess):
                self.frozen.pop().send_signal(signal.SIGCONT)

    def _freeze_one(self) -> str:
        if self.context.postmaster is None:
            raise HarnessError("PostgreSQL is not ours to stop", "Leave --postgres-url out")
        pid = of_sessions(self.context, "min(pid)", WRITING)
        backends = {process.pid: process for process in self.context.postmaster.children()}
        if pid not in backends:
            return ""
        self.frozen.append(backends[pid])
        backends[pid].send_signal(signal.SIGSTOP)
        stopped = wait_for(lambda: "yes" if backends[pid].status() == psutil.STATUS_STOPPED else "", 1.0)
        return f"session {pid}, in its transaction, is stopped" if stopped else ""
