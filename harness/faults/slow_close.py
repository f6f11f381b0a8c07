"""Connections take long to close."""

from __future__ import annotations

import os
import time

from harness.faults.base import BaseFault
from harness.faults.database import ask

DELAY_MS = 800


class SlowClose(BaseFault):
    """PostgreSQL learns late that a client has gone: sessions pile up, with what they lock."""

    kind = "slow_close"
    detail = f"{DELAY_MS} ms"

    def inject(self) -> str:
        """Add the toxic; the proof is a session that is still there after its client has gone."""
        self.add_toxic("slow_close", "upstream", delay=DELAY_MS)
        connection = self.context.through()
        pid = connection.get_backend_pid()
        # without the farewell message, by which PostgreSQL would know at once
        os.close(connection.fileno())
        time.sleep(DELAY_MS / 4000)  # a session whose end came at once would be gone by now
        here = ask(self.context, f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}")
        return f"session {pid} outlived its client" if here else ""
