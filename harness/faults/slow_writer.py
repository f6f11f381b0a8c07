"""Clients send their requests in small pieces."""

from __future__ import annotations

import time

from harness.faults.base import BaseFault

CLIENTS = 4
PIECE_BYTES = 16
PAUSE_S = 0.02


class SlowWriter(BaseFault):
    """A request whose body takes a second to arrive must hold no connection of the database meanwhile."""

    needs = ("client_write",)
    kind = "slow_writer"
    detail = f"{PIECE_BYTES} bytes every {1e3 * PAUSE_S:.0f} ms"

    def inject(self) -> str:
        """Send slowly; the proof is how long that took."""
        began_s = time.monotonic()
        sent = [self.context.begin(self.handles.client_write) for _ in range(CLIENTS)]
        for _ in range(0, max(one.length_bytes for one in sent), PIECE_BYTES):
            for one in sent:
                one.send(PIECE_BYTES)
            time.sleep(PAUSE_S)
        took_s = time.monotonic() - began_s
        answered = sum(bool(one.answer()) for one in sent)
        return f"{answered} requests took {took_s:.1f} s to be sent" if answered else ""
