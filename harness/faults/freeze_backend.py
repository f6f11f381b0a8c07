"""One server process of PostgreSQL hangs in the middle of a transaction, with all that it has locked."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.context import wait_for
from harness.faults.database import writing_backend


class FreezeBackend(BaseFault):
    """SIGSTOP to one session's process: its client waits for an answer that no error replaces."""

    kind = "freeze_backend"
    detail = "SIGSTOP"

    def inject(self) -> str:
        """Stop one that has written and not committed; the proof is its state."""
        return wait_for(self._freeze_one)

    def _freeze_one(self) -> str:
        backend = writing_backend(self.context)
        if backend is None or not self.freeze(backend):
            return ""
        return f"session {backend.pid}, in its transaction, is stopped"
