"""Clients go away while their transactions are under way."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import ClassVar

from harness.faults.context import FaultContext, wait_for
from harness.faults.database import sessions

CLIENTS = 10


@dataclass(frozen=True, kw_only=True)
class DisconnectBeforeCommit:
    """Writes are held up by a lock; their clients hang up, and then the lock goes: the target works for no client."""

    needs: ClassVar = ("written_table", "client_write")
    context: FaultContext
    kind: str = "disconnect_before_commit"
    detail: str = f"{CLIENTS} clients"

    def inject(self) -> str:
        """Hold writes up, hang up; the proof is how many sessions waited when their clients went."""
        with closing(self.context.direct()) as connection, connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"LOCK TABLE {self.context.workload.handles.written_table} IN ACCESS EXCLUSIVE MODE")
            sent = [self.context.begin(self.context.workload.handles.client_write) for _ in range(CLIENTS)]
            for one in sent:
                one.send()
            waiting = wait_for(lambda: str(sessions(self.context, "wait_event_type = 'Lock'") or ""))
            for one in sent:
                one.hang_up()
        return f"{CLIENTS} clients hung up while {waiting} sessions waited" if waiting else ""

    def heal(self) -> None:
        """There is nothing to undo."""
