"""Somebody else holds the rows that writes need."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg2

from harness.faults.arena import Arena, wait_for
from harness.faults.questions import sessions


@dataclass(frozen=True, kw_only=True)
class LockContention:
    """A long transaction of another client has every holder of credits locked."""

    arena: Arena
    kind: str = "lock_contention"
    colour: str = "--fault-postgres"
    detail: str = "every user, FOR UPDATE"
    connections: list[Any] = field(default_factory=list)

    def inject(self) -> str:
        """Lock them; the proof is how many sessions wait."""
        connection = self.arena.direct()
        self.connections.append(connection)
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT id FROM users FOR UPDATE")
        return wait_for(self._waiting)

    def heal(self) -> None:
        """Let the locks go."""
        while self.connections:
            with suppress(psycopg2.Error):
                self.connections.pop().close()

    def _waiting(self) -> str:
        found = sessions(self.arena, "wait_event_type = 'Lock'")
        return f"{found} sessions waited for a lock" if found else ""
