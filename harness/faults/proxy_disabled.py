"""Nothing listens where the database was."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.context import FaultContext
from harness.faults.database import Question


@dataclass(frozen=True, kw_only=True)
class ProxyDisabled:
    """Every connection is dropped and new ones are refused: the database's host is up, its port is closed."""

    context: FaultContext
    kind: str = "proxy_disabled"
    detail: str = "connections refused"

    def inject(self) -> str:
        """Close the port; the proof is a connection that is refused."""
        self.context.proxy.disable()
        error = Question(self.context).failed(2.0)
        return "a connection was refused" if "refused" in error else ""

    def heal(self) -> None:
        """Listen again."""
        self.context.proxy.enable()
