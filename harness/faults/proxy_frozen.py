"""The proxy hangs: connections stand, nothing moves, and none ends."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.context import require_own
from harness.faults.database import Question


class ProxyFrozen(BaseFault):
    """The proxy hangs: connections stand, nothing moves, and none ends."""

    kind = "proxy_frozen"
    detail = "SIGSTOP"

    def inject(self) -> str:
        """Stop the process; the proof is its state, and a new connection that gets no answer."""
        process = require_own(self.context.toxiproxy, "Toxiproxy", "--toxiproxy-url")
        stopped = self.freeze(process)
        silent = Question(self.context).unanswered()
        return f"process {process.pid} is stopped, {silent}" if stopped and silent else ""
