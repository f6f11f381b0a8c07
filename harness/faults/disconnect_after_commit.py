"""Clients go away when their write is done, and never read the answer."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.context import FaultContext, wait_for
from harness.faults.database import ask

CLIENTS = 10
LEAST = 3  # others may be refused for want of a connection


@dataclass(frozen=True, kw_only=True)
class DisconnectAfterCommit:
    """The write is durable, the answer is on its way, and nobody is there."""

    context: FaultContext
    kind: str = "disconnect_after_commit"
    colour: str = "--fault-client"
    detail: str = f"{CLIENTS} clients"

    def inject(self) -> str:
        """Send, wait until the rows are there, hang up; the proof is how many writes were there by then."""
        sent = [self.context.begin("create_user") for _ in range(CLIENTS)]
        for one in sent:
            one.send()
        keys = ", ".join(f"'{one.key}'" for one in sent)
        count = f"SELECT count(*) FROM audit_log WHERE write_key IN ({keys})"
        stored = wait_for(lambda: str(found) if (found := ask(self.context, count) or 0) >= LEAST else "")
        for one in sent:
            one.hang_up()
        return f"{CLIENTS} clients hung up, on {stored} writes that were done" if stored else ""

    def heal(self) -> None:
        """There is nothing to undo."""
