"""Clients read their answers byte by byte."""

from __future__ import annotations

import time

from harness.faults.base import BaseFault

CLIENTS = 2
PAUSE_S = 0.001
LEAST_S = 0.3  # many times what an answer takes otherwise


class SlowReader(BaseFault):
    """A phone on a bad line: an answer takes a second to be read, and must hold no database connection meanwhile."""

    needs = ("client_write",)
    kind = "slow_reader"
    detail = f"{1e3 * PAUSE_S:.0f} ms a byte"

    def inject(self) -> str:
        """Send, read slowly; the proof is how long the answers took."""
        began_s = time.monotonic()
        answered = sum(bool(one.answer(PAUSE_S)) for one in self.send(self.handles.client_write, CLIENTS))
        took_s = time.monotonic() - began_s
        return f"{answered} answers took {took_s:.1f} s to be read" if answered and took_s > LEAST_S else ""
