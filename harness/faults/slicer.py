"""Answers arrive in many small pieces."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.context import FaultContext
from harness.faults.database import Question

ANSWER_TIMEOUT_S = 4.0
EXPECTED_S = 0.08


@dataclass(frozen=True, kw_only=True)
class Slicer:
    """Every 16 bytes are a packet of their own, and come 2 ms after the one before."""

    context: FaultContext
    kind: str = "slicer"
    detail: str = "16 bytes every 2 ms"

    def inject(self) -> str:
        """Add the toxic; the proof is how long an answer of many pieces took."""
        self.context.proxy.add_toxic(self.kind, "slicer", "downstream", average_size=16, size_variation=0, delay=2000)
        took_s = Question(self.context, "SELECT repeat('x', 1600)").answered_s(ANSWER_TIMEOUT_S)
        return f"100 pieces took {1e3 * took_s:.0f} ms" if took_s is not None and took_s > EXPECTED_S else ""

    def heal(self) -> None:
        """Remove the toxic."""
        self.context.proxy.remove_toxic(self.kind)
