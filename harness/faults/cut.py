"""Connections break after so many bytes."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.context import FaultContext
from harness.faults.database import Question

ANSWER_TIMEOUT_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Every connection passes 700 bytes to PostgreSQL from now on and ends in the middle of what follows."""

    context: FaultContext
    kind: str = "cut"
    detail: str = "700 bytes up"

    def inject(self) -> str:
        """Add the toxic; the proof is a longer question that fails."""
        connection = self.context.through()
        self.context.proxy.add_toxic(self.kind, "limit_data", "upstream", bytes=700)
        error = Question(self.context, f"SELECT '{'x' * 1000}'", connection=connection).failed(ANSWER_TIMEOUT_S)
        return f"a question of 1,000 bytes was cut: {error}" if error else ""

    def heal(self) -> None:
        """Remove the toxic."""
        self.context.proxy.remove_toxic(self.kind)
