"""PostgreSQL has no connection left to give."""

from __future__ import annotations

from contextlib import closing, suppress

import psycopg2

from harness.faults.base import BaseFault
from harness.faults.database import END_ALL, Question

MOST = 1000


class ConnectionsExhausted(BaseFault):
    """Other clients have taken every connection, and the target's own were just ended: too many clients already."""

    kind = "connections_exhausted"
    detail = "max_connections"

    def inject(self) -> str:
        """End the target's connections and take all there are; the proof is the error that the next one meets."""
        keeper = self.undo.enter_context(closing(self.context.direct()))
        taken = self._take(MOST)
        with keeper.cursor() as cursor:
            cursor.execute(END_ALL, (500, self.context.workload.database.application_name))
        # a place that an ended session leaves is taken at once
        taken += self._take(MOST - taken)
        error = Question(self.context).failed(2.0)
        return f"{taken + 1} connections were taken, and then: {error}" if "clients" in error else ""

    def _take(self, most: int) -> int:
        """Take connections until there are none, so many at most, and return how many there were."""
        taken = 0
        with suppress(psycopg2.Error):
            while taken < most:
                self.undo.enter_context(closing(self.context.direct()))
                taken += 1
        return taken
