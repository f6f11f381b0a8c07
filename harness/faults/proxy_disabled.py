"""Nothing listens where the database was."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.database import Question


class ProxyDisabled(BaseFault):
    """Every connection is dropped and new ones are refused: the database's host is up, its port is closed."""

    kind = "proxy_disabled"
    detail = "connections refused"

    def inject(self) -> str:
        """Close the port; the proof is a connection that is refused."""
        self.undo.callback(self.context.proxy.enable)
        self.context.proxy.disable()
        error = Question(self.context).failed(2.0)
        return "a connection was refused" if "refused" in error else ""
