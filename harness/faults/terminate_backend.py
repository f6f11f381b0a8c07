"""An administrator ends a session in the middle of its transaction."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.context import FaultContext, wait_for
from harness.faults.database import WRITING, ask, of_sessions


@dataclass(frozen=True, kw_only=True)
class TerminateBackend:
    """``pg_terminate_backend`` on a session that has written and not committed."""

    context: FaultContext
    kind: str = "terminate_backend"
    detail: str = "pg_terminate_backend"

    def inject(self) -> str:
        """End one; the proof is that it was in a transaction, and is gone."""
        return wait_for(self._end_one)

    def heal(self) -> None:
        """There is nothing to undo: the target connects anew."""

    def _end_one(self) -> str:
        pid = of_sessions(self.context, "min(pid)", WRITING)
        if pid is None or not ask(self.context, f"SELECT pg_terminate_backend({pid}, 1000)"):
            return ""
        return f"session {pid}, in its transaction, was ended"
