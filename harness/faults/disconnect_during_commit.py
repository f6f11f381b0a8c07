"""Clients go away while their transactions commit."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.context import wait_for
from harness.faults.database import sessions
from harness.faults.triggers import trigger

CLIENTS = 6
COMMITTING = "query ILIKE 'commit%%' AND wait_event = 'PgSleep'"


class DisconnectDuringCommit(BaseFault):
    """COMMIT takes a while, and meanwhile the clients hang up."""

    needs = ("written_table", "client_write")
    kind = "disconnect_during_commit"
    detail = f"{CLIENTS} clients"

    def inject(self) -> str:
        """Slow COMMIT down, hang up in it; the proof is how many sessions were in COMMIT."""
        slow = trigger(self.context, self.handles.written_table, "PERFORM pg_sleep(0.2);", deferred=True)
        self.undo.enter_context(slow)
        sent = self.send(self.handles.client_write, CLIENTS)
        committing = wait_for(lambda: sessions(self.context, COMMITTING))
        for one in sent:
            one.hang_up()
        return f"{CLIENTS} clients hung up while {committing} sessions were in COMMIT" if committing else ""
