"""Every connection of the pool is taken."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

import psycopg2

from harness.faults.context import FaultContext, wait_for
from harness.faults.database import of_sessions

LEAST = 4


@dataclass(frozen=True, kw_only=True)
class ExhaustPool:
    """A lock holds up every write until no connection is free: the next request waits for one in vain."""

    needs: ClassVar = ("written_table",)
    context: FaultContext
    kind: str = "exhaust_pool"
    detail: str = "all connections wait"
    connections: list[Any] = field(default_factory=list)

    def inject(self) -> str:
        """Lock what every write needs; the proof is that no connection is without a wait."""
        connection = self.context.direct()
        self.connections.append(connection)
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute(f"LOCK TABLE {self.context.workload.handles.written_table} IN ACCESS EXCLUSIVE MODE")
        return wait_for(self._all_wait)

    def heal(self) -> None:
        """Let the locks go."""
        while self.connections:
            with suppress(psycopg2.Error):
                self.connections.pop().close()

    def _all_wait(self) -> str:
        # in one statement, so in one moment; a connection that idles outside a transaction is in nobody's hand
        counts = of_sessions(
            self.context,
            "ARRAY[count(*) FILTER (WHERE wait_event_type = 'Lock'), count(*) FILTER (WHERE state <> 'idle')]",
        )
        waiting, in_hand = counts or (0, 0)
        return f"{waiting} of {in_hand} connections waited" if waiting >= LEAST and waiting == in_hand else ""
