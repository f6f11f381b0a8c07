"""The connection to the database is slow."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.database import Question

ANSWER_TIMEOUT_S = 3.0
EXPECTED_S = 0.3


class Bandwidth(BaseFault):
    """Ten kilobytes a second from PostgreSQL: a link that is shared or broken."""

    kind = "bandwidth"
    detail = "10 kB/s down"

    def inject(self) -> str:
        """Add the toxic; the proof is how long 4 kB took."""
        self.add_toxic("bandwidth", "downstream", rate=10)
        took_s = Question(self.context, "SELECT repeat('x', 4000)").answered_s(ANSWER_TIMEOUT_S)
        return f"4 kB took {1e3 * took_s:.0f} ms" if took_s > EXPECTED_S else ""
