"""Clients go away when their write is done, and never read the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.context import FaultContext, wait_for
from harness.faults.database import ask

CLIENTS = 10
LEAST = 3  # others may be refused for want of a connection


@dataclass(frozen=True, kw_only=True)
class DisconnectAfterCommit:
    """The write is durable, the answer is on its way, and the client has gone."""

    needs: ClassVar = ("client_write", "count_written")
    context: FaultContext
    kind: str = "disconnect_after_commit"
    detail: str = f"{CLIENTS} clients"

    def inject(self) -> str:
        """Send, wait until the rows are there, hang up; the proof is how many writes were there by then."""
        handles = self.context.workload.handles
        sent = [self.context.begin(handles.client_write) for _ in range(CLIENTS)]
        for one in sent:
            one.send()
        keys = [one.key for one in sent]

        def stored() -> str:
            found = ask(self.context, handles.count_written, keys=keys) or 0
            return str(found) if found >= LEAST else ""

        done = wait_for(stored)
        for one in sent:
            one.hang_up()
        return f"{CLIENTS} clients hung up, on {done} writes that were done" if done else ""

    def heal(self) -> None:
        """There is nothing to undo."""
