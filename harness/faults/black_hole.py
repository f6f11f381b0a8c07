"""Nothing comes back from the database any more, and no connection ends."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.context import FaultContext
from harness.faults.database import Question

SILENCE_S = 0.5


@dataclass(frozen=True, kw_only=True)
class BlackHole:
    """Bytes vanish both ways, and connections stay open: a firewall that drops, a host that is gone."""

    context: FaultContext
    kind: str = "black_hole"
    detail: str = "both ways"

    def inject(self) -> str:
        """Add the toxics; the proof is a question without an answer."""
        self.context.proxy.add_toxic(self.kind, "timeout", "downstream", timeout=0)
        self.context.proxy.add_toxic(f"{self.kind}_up", "timeout", "upstream", timeout=0)
        return f"no answer in {SILENCE_S} s" if Question(self.context).unanswered(SILENCE_S) else ""

    def heal(self) -> None:
        """Remove the toxics, which closes the connections that they held."""
        self.context.proxy.remove_toxic(self.kind)
        self.context.proxy.remove_toxic(f"{self.kind}_up")
