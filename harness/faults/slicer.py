"""Answers arrive in many small pieces."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.database import Question

ANSWER_TIMEOUT_S = 4.0
EXPECTED_S = 0.08


class Slicer(BaseFault):
    """Every 16 bytes are a packet of their own, and come 2 ms after the one before."""

    kind = "slicer"
    detail = "16 bytes every 2 ms"

    def inject(self) -> str:
        """Add the toxic; the proof is how long an answer of many pieces took."""
        self.add_toxic("slicer", "downstream", average_size=16, size_variation=0, delay=2000)
        took_s = Question(self.context, "SELECT repeat('x', 1600)").answered_s(ANSWER_TIMEOUT_S)
        return f"100 pieces took {1e3 * took_s:.0f} ms" if took_s > EXPECTED_S else ""
