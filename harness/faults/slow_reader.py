"""Clients read their answers byte by byte."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from harness.faults.context import FaultContext

CLIENTS = 2
PAUSE_S = 0.001
LEAST_S = 0.3  # many times what an answer takes otherwise


@dataclass(frozen=True, kw_only=True)
class SlowReader:
    """A phone on a bad line: an answer takes a second to be read, and must hold no database connection meanwhile."""

    needs: ClassVar = ("client_write",)
    context: FaultContext
    kind: str = "slow_reader"
    detail: str = f"{1e3 * PAUSE_S:.0f} ms a byte"

    def inject(self) -> str:
        """Send, read slowly; the proof is how long the answers took."""
        began_s = time.monotonic()
        sent = [self.context.begin(self.context.workload.handles.client_write) for _ in range(CLIENTS)]
        for one in sent:
            one.send()
        answered = sum(bool(one.answer(PAUSE_S)) for one in sent)
        took_s = time.monotonic() - began_s
        return f"{answered} answers took {took_s:.1f} s to be read" if answered and took_s > LEAST_S else ""

    def heal(self) -> None:
        """There is nothing to undo."""
