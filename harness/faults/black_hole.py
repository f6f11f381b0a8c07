"""Nothing comes back from the database any more, and no connection ends."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.database import Question


class BlackHole(BaseFault):
    """Bytes vanish both ways, and connections stay open: a firewall that drops, a host that is gone."""

    kind = "black_hole"
    detail = "both ways"

    def inject(self) -> str:
        """Add the toxics, which when removed close what they held; the proof is a question without an answer."""
        self.add_toxic("timeout", "downstream", timeout=0)
        self.add_toxic("timeout", "upstream", timeout=0)
        return Question(self.context).unanswered()
