"""Clients go away while their transactions commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.context import FaultContext, wait_for
from harness.faults.database import sessions
from harness.faults.triggers import plant, uproot

CLIENTS = 6
COMMITTING = "query ILIKE 'commit%%' AND wait_event = 'PgSleep'"


@dataclass(frozen=True, kw_only=True)
class DisconnectDuringCommit:
    """COMMIT takes a while, and meanwhile the clients hang up."""

    needs: ClassVar = ("written_table", "client_write")
    context: FaultContext
    kind: str = "disconnect_during_commit"
    detail: str = f"{CLIENTS} clients"

    def inject(self) -> str:
        """Slow COMMIT down, hang up in it; the proof is how many sessions were in COMMIT."""
        handles = self.context.workload.handles
        plant(self.context, handles.written_table, "PERFORM pg_sleep(0.2);", deferred=True)
        sent = [self.context.begin(handles.client_write) for _ in range(CLIENTS)]
        for one in sent:
            one.send()
        committing = wait_for(lambda: str(sessions(self.context, COMMITTING) or ""))
        for one in sent:
            one.hang_up()
        return f"{CLIENTS} clients hung up while {committing} sessions were in COMMIT" if committing else ""

    def heal(self) -> None:
        """Let COMMIT be quick again."""
        uproot(self.context, self.context.workload.handles.written_table)
