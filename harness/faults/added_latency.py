"""The database is farther away: every answer of PostgreSQL comes later by a fixed time."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from harness.faults.context import Proxy

TOXIC = "latency"
PROOF_ROUND_TRIPS = 3


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Added time per round trip, put on the downstream alone so that a round trip pays it once.

    ``round_trip_s`` makes one round trip through the same proxy, on a connection that was open before.
    """

    proxy: Proxy
    added_ms: int
    round_trip_s: Callable[[], float]
    kind: str = "latency"

    @property
    def detail(self) -> str:
        """How much."""
        return f"{self.added_ms} ms"

    def inject(self) -> str:
        """Add the toxic; the proof is the median of a few round trips, which can't be shorter than it."""
        self.proxy.add_toxic(TOXIC, "latency", "downstream", latency=self.added_ms)
        median_ms = 1e3 * statistics.median(self.round_trip_s() for _ in range(PROOF_ROUND_TRIPS))
        return f"a round trip took {median_ms:.1f} ms" if median_ms >= self.added_ms else ""

    def heal(self) -> None:
        """Remove the toxic."""
        self.proxy.remove_toxic(TOXIC)
