"""PostgreSQL has no connection left to give."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg2

from harness.faults.context import FaultContext
from harness.faults.database import Question

MOST = 1000
END_ALL = "SELECT count(pg_terminate_backend(pid, 500)) FROM pg_stat_activity WHERE application_name = %s"


@dataclass(frozen=True, kw_only=True)
class ConnectionsExhausted:
    """Other clients have taken every connection, and the target's own were just ended: too many clients already."""

    context: FaultContext
    kind: str = "connections_exhausted"
    detail: str = "max_connections"
    taken: list[Any] = field(default_factory=list)

    def inject(self) -> str:
        """End the target's connections and take all there are; the proof is the error that the next one meets."""
        keeper = self.context.direct()
        with keeper.cursor() as cursor:
            with suppress(psycopg2.Error):
                while len(self.taken) < MOST:
                    self.taken.append(self.context.direct())
            # a place that an ended session leaves is taken at once
            name = self.context.workload.database.application_name
            cursor.execute(END_ALL, (name,))
            with suppress(psycopg2.Error):
                while len(self.taken) < MOST:
                    self.taken.append(self.context.direct())
        self.taken.append(keeper)
        error = Question(self.context).failed(2.0)
        return f"{len(self.taken)} connections were taken, and then: {error}" if "clients" in error else ""

    def heal(self) -> None:
        """Give them back."""
        while self.taken:
            with suppress(psycopg2.Error):
                self.taken.pop().close()
