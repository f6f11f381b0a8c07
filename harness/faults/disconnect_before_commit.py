"""Clients go away while their transactions are under way."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.context import wait_for
from harness.faults.database import WAITING, holding_up_writes, sessions

CLIENTS = 10


class DisconnectBeforeCommit(BaseFault):
    """Writes are held up by a lock; their clients hang up, and then the lock goes: the target works for no client."""

    needs = ("written_table", "client_write")
    kind = "disconnect_before_commit"
    detail = f"{CLIENTS} clients"

    def inject(self) -> str:
        """Hold writes up, hang up; the proof is how many sessions waited when their clients went."""
        with holding_up_writes(self.context):
            sent = self.send(self.handles.client_write, CLIENTS)
            waiting = wait_for(lambda: sessions(self.context, WAITING))
            for one in sent:
                one.hang_up()
        return f"{CLIENTS} clients hung up while {waiting} sessions waited" if waiting else ""
