"""Connections break after so many bytes."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.database import Question

ANSWER_TIMEOUT_S = 2.0


class Cut(BaseFault):
    """Every connection passes 700 bytes to PostgreSQL from now on and ends in the middle of what follows."""

    kind = "cut"
    detail = "700 bytes up"

    def inject(self) -> str:
        """Add the toxic; the proof is a longer question that fails."""
        connection = self.context.through()
        self.add_toxic("limit_data", "upstream", bytes=700)
        error = Question(self.context, f"SELECT '{'x' * 1000}'", connection=connection).failed(ANSWER_TIMEOUT_S)
        return f"a question of 1,000 bytes was cut: {error}" if error else ""
