"""Nothing passes for a while, and then everything does."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.database import Question


class BlackHoleHeals(BaseFault):
    """Bytes are held both ways and delivered at the end: a partition that heals before any time limit."""

    kind = "black_hole_heals"
    detail = "both ways, then delivered"

    def inject(self) -> str:
        """Hold all bytes; the proof is a question without an answer."""
        self.add_toxic("bandwidth", "downstream", rate=0)
        return Question(self.context).unanswered()
