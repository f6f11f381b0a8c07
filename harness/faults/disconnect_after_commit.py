"""Clients go away when their write is done, and never read the answer."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.context import wait_for
from harness.faults.database import ask

CLIENTS = 10
LEAST = 3  # others may be refused for want of a connection


class DisconnectAfterCommit(BaseFault):
    """The write is durable, the answer is on its way, and the client has gone."""

    needs = ("client_write", "count_written")
    kind = "disconnect_after_commit"
    detail = f"{CLIENTS} clients"

    def inject(self) -> str:
        """Send, wait until the rows are there, hang up; the proof is how many writes were there by then."""
        sent = self.send(self.handles.client_write, CLIENTS)
        keys = [one.key for one in sent]

        def stored() -> int:
            found = ask(self.context, self.handles.count_written, keys=keys) or 0
            return found if found >= LEAST else 0

        done = wait_for(stored)
        for one in sent:
            one.hang_up()
        return f"{CLIENTS} clients hung up, on {done} writes that were done" if done else ""
