"""Clients hang up and send the same write again, without an Idempotency-Key."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from harness.faults.context import FaultContext

CLIENTS = 10
PATIENCE_S = 8.0


@dataclass(frozen=True, kw_only=True)
class BlindRetry:
    """An impatient client: the e-mail is unique, so the second of two is refused, or is the first."""

    context: FaultContext
    kind: str = "blind_retry"
    colour: str = "--fault-client"
    detail: str = f"{CLIENTS} clients"

    def inject(self) -> str:
        """Send, hang up, send again; the proof is what the second attempts were told."""
        told: Counter[int] = Counter()
        for _ in range(CLIENTS):
            first = self.context.begin("create_user")
            first.send()
            first.hang_up()
            again = self.context.begin("create_user", key=first.key)
            again.send()
            told[again.answer(PATIENCE_S)] += 1
        statuses = ", ".join(f"{count} × {status}" for status, count in told.items())
        return f"the second attempts were told {statuses}" if told[0] < CLIENTS else ""

    def heal(self) -> None:
        """There is nothing to undo."""
