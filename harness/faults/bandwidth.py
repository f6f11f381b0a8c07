"""The connection to the database is slow."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.context import FaultContext
from harness.faults.database import Question

ANSWER_TIMEOUT_S = 3.0
EXPECTED_S = 0.3


@dataclass(frozen=True, kw_only=True)
class Bandwidth:
    """Ten kilobytes a second from PostgreSQL: a link that is shared or broken."""

    context: FaultContext
    kind: str = "bandwidth"
    detail: str = "10 kB/s down"

    def inject(self) -> str:
        """Add the toxic; the proof is how long 4 kB took."""
        self.context.proxy.add_toxic(self.kind, "bandwidth", "downstream", rate=10)
        took_s = Question(self.context, "SELECT repeat('x', 4000)").answered_s(ANSWER_TIMEOUT_S)
        return f"4 kB took {1e3 * took_s:.0f} ms" if took_s is not None and took_s > EXPECTED_S else ""

    def heal(self) -> None:
        """Remove the toxic."""
        self.context.proxy.remove_toxic(self.kind)
