"""Somebody else holds the rows that writes need, and several writes need the same."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg2

from harness.faults.context import FaultContext, Sending, wait_for
from harness.faults.database import sessions

# Clients who all move credits between the same two users: when the lock goes, each must see what the one before it did.
RIVALS = 4
SEED = 1
PATIENCE_S = 8.0


@dataclass(frozen=True, kw_only=True)
class LockContention:
    """A long transaction of another client has every user locked, and transfers queue up for two of them."""

    context: FaultContext
    kind: str = "lock_contention"
    colour: str = "--fault-postgres"
    detail: str = f"every user, FOR UPDATE; {RIVALS} transfers of the same two"
    connections: list[Any] = field(default_factory=list)
    rivals: list[Sending] = field(default_factory=list)

    def inject(self) -> str:
        """Lock them and send rivals; the proof is how many sessions wait."""
        connection = self.context.direct()
        self.connections.append(connection)
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT id FROM users FOR UPDATE")
        self.rivals.extend(self.context.begin("transfer", seed=SEED) for _ in range(RIVALS))
        for rival in self.rivals:
            rival.send()
        return wait_for(self._waiting)

    def heal(self) -> None:
        """Let the locks go, and hear what the rivals are told."""
        while self.connections:
            with suppress(psycopg2.Error):
                self.connections.pop().close()
        while self.rivals:
            self.rivals.pop().answer(PATIENCE_S)

    def _waiting(self) -> str:
        found = sessions(self.context, "wait_event_type = 'Lock'")
        return f"{found} sessions waited for a lock" if found >= RIVALS else ""
