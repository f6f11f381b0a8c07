"""Clients hang up and send the same write again, without a retry key."""

from __future__ import annotations

from collections import Counter

from harness.faults.base import BaseFault

CLIENTS = 10


class BlindRetry(BaseFault):
    """An impatient client: something in the write is unique, so the second of two is refused, or is the first."""

    needs = ("unique_write",)
    kind = "blind_retry"
    detail = f"{CLIENTS} clients"

    def inject(self) -> str:
        """Send, hang up, send again; the proof is what the second attempts were told."""
        told: Counter[int] = Counter()
        for _ in range(CLIENTS):
            (first,) = self.send(self.handles.unique_write, 1)
            first.hang_up()
            again = self.context.begin(self.handles.unique_write, key=first.key)
            again.send()
            told[again.answer()] += 1
        statuses = ", ".join(f"{count} × {status}" for status, count in told.items())
        return f"the second attempts were told {statuses}" if told[0] < CLIENTS else ""
