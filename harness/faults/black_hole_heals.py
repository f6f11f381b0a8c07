"""Nothing passes for a while, and then everything does."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.context import FaultContext
from harness.faults.database import Question

SILENCE_S = 0.5


@dataclass(frozen=True, kw_only=True)
class BlackHoleHeals:
    """Bytes are held both ways and delivered at the end: a partition that heals before any time limit."""

    context: FaultContext
    kind: str = "black_hole_heals"
    detail: str = "both ways, then delivered"

    def inject(self) -> str:
        """Hold all bytes; the proof is a question without an answer."""
        self.context.proxy.add_toxic(self.kind, "bandwidth", "downstream", rate=0)
        return f"no answer in {SILENCE_S} s" if Question(self.context).unanswered(SILENCE_S) else ""

    def heal(self) -> None:
        """Remove the toxic."""
        self.context.proxy.remove_toxic(self.kind)
