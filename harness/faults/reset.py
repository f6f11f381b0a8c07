"""Connections to the database are torn down."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.database import Question

ANSWER_TIMEOUT_S = 2.0


class Reset(BaseFault):
    """Every open connection is closed at its next data: a load balancer that forgot them."""

    kind = "reset"
    detail = "at the next data"

    def inject(self) -> str:
        """Add the toxic; the proof is a question on an open connection that fails."""
        connection = self.context.through()
        self.add_toxic("reset_peer", "downstream", timeout=0)
        error = Question(self.context, connection=connection).failed(ANSWER_TIMEOUT_S)
        return f"an open connection ended: {error}" if error else ""
