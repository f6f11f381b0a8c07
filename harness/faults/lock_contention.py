"""Another client holds the rows that writes need, and several writes need the same."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

import psycopg2

from harness.faults.context import FaultContext, Sending, wait_for
from harness.faults.database import sessions

# Clients who all need the same rows: when the lock goes, each must see what the one before it did.
RIVALS = 4
SEED = 1


@dataclass(frozen=True, kw_only=True)
class LockContention:
    """A long transaction of another client has the rows locked, and writes queue up for some of them."""

    needs: ClassVar = ("locked_rows", "rival_write")
    context: FaultContext
    kind: str = "lock_contention"
    detail: str = f"every row, FOR UPDATE; {RIVALS} writes of the same"
    connections: list[Any] = field(default_factory=list)
    rivals: list[Sending] = field(default_factory=list)

    def inject(self) -> str:
        """Lock them and send rivals; the proof is how many sessions wait."""
        handles = self.context.workload.handles
        connection = self.context.direct()
        self.connections.append(connection)
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute(handles.locked_rows)
        self.rivals.extend(self.context.begin(handles.rival_write, seed=SEED) for _ in range(RIVALS))
        for rival in self.rivals:
            rival.send()
        return wait_for(self._waiting)

    def heal(self) -> None:
        """Let the locks go, and read the rivals' answers."""
        while self.connections:
            with suppress(psycopg2.Error):
                self.connections.pop().close()
        while self.rivals:
            self.rivals.pop().answer()

    def _waiting(self) -> str:
        found = sessions(self.context, "wait_event_type = 'Lock'")
        return f"{found} sessions waited for a lock" if found >= RIVALS else ""
