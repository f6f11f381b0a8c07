"""An administrator ends a session in the middle of its transaction."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.context import wait_for
from harness.faults.database import WRITING, ask, of_sessions


class TerminateBackend(BaseFault):
    """``pg_terminate_backend`` on a session that has written and not committed."""

    kind = "terminate_backend"
    detail = "pg_terminate_backend"

    def inject(self) -> str:
        """End one, after which the target connects anew; the proof is that it was in a transaction, and is gone."""
        return wait_for(self._end_one)

    def _end_one(self) -> str:
        pid = of_sessions(self.context, "min(pid)", WRITING)
        if pid is None or not ask(self.context, f"SELECT pg_terminate_backend({pid}, 1000)"):
            return ""
        return f"session {pid}, in its transaction, was ended"
