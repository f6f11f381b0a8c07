"""Clients hang up and send the same write again, without a retry key."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

from harness.faults.context import FaultContext

CLIENTS = 10


@dataclass(frozen=True, kw_only=True)
class BlindRetry:
    """An impatient client: something in the write is unique, so the second of two is refused, or is the first."""

    needs: ClassVar = ("unique_write",)
    context: FaultContext
    kind: str = "blind_retry"
    detail: str = f"{CLIENTS} clients"

    def inject(self) -> str:
        """Send, hang up, send again; the proof is what the second attempts were told."""
        write = self.context.workload.handles.unique_write
        told: Counter[int] = Counter()
        for _ in range(CLIENTS):
            first = self.context.begin(write)
            first.send()
            first.hang_up()
            again = self.context.begin(write, key=first.key)
            again.send()
            told[again.answer()] += 1
        statuses = ", ".join(f"{count} × {status}" for status, count in told.items())
        return f"the second attempts were told {statuses}" if told[0] < CLIENTS else ""

    def heal(self) -> None:
        """There is nothing to undo."""
