"""Connections to the database are torn down."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.context import FaultContext
from harness.faults.database import Question

ANSWER_TIMEOUT_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Reset:
    """Every open connection is closed at its next data: a load balancer that forgot them."""

    context: FaultContext
    kind: str = "reset"
    detail: str = "at the next data"

    def inject(self) -> str:
        """Add the toxic; the proof is a question on an open connection that fails."""
        connection = self.context.through()
        self.context.proxy.add_toxic(self.kind, "reset_peer", "downstream", timeout=0)
        error = Question(self.context, connection=connection).failed(ANSWER_TIMEOUT_S)
        return f"an open connection ended: {error}" if error else ""

    def heal(self) -> None:
        """Remove the toxic."""
        self.context.proxy.remove_toxic(self.kind)
