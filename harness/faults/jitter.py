"""The latency to the database varies: each answer comes later by another time."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.database import Question

ROUND_TRIPS = 8  # that all of them lie within 5 of 50 ms happens once in a million times
ANSWER_TIMEOUT_S = 2.0
APART_MS = 5.0


class Jitter(BaseFault):
    """Answers are late by 5 to 55 ms, each by another time: a crowded network."""

    kind = "jitter"
    detail = "30 ± 25 ms"

    def inject(self) -> str:
        """Add the toxic; the proof is how far two of some round trips lie apart."""
        self.add_toxic("latency", "downstream", latency=30, jitter=25)
        took = [Question(self.context).answered_s(ANSWER_TIMEOUT_S) for _ in range(ROUND_TRIPS)]
        apart_ms = 1e3 * (max(took) - min(took))
        return f"round trips lay {apart_ms:.0f} ms apart" if apart_ms > APART_MS else ""
