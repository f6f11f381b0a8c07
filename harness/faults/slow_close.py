"""Connections take long to close."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from harness.faults.context import FaultContext
from harness.faults.database import ask

DELAY_MS = 800


@dataclass(frozen=True, kw_only=True)
class SlowClose:
    """PostgreSQL learns late that a client has gone: sessions pile up, with what they lock."""

    context: FaultContext
    kind: str = "slow_close"
    detail: str = f"{DELAY_MS} ms"

    def inject(self) -> str:
        """Add the toxic; the proof is a session that is still there after its client has gone."""
        self.context.proxy.add_toxic(self.kind, "slow_close", "upstream", delay=DELAY_MS)
        connection = self.context.through()
        pid = connection.get_backend_pid()
        # without the farewell message, by which PostgreSQL would know at once
        os.close(connection.fileno())
        time.sleep(DELAY_MS / 4000)  # a session whose end came at once would be gone by now
        here = ask(self.context, f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}")
        return f"session {pid} outlived its client" if here else ""

    def heal(self) -> None:
        """Remove the toxic."""
        self.context.proxy.remove_toxic(self.kind)
