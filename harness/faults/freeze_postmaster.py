"""PostgreSQL takes no new connections and refuses none, and the target has lost those that it had."""

from __future__ import annotations

from contextlib import closing

from harness.faults.base import BaseFault
from harness.faults.context import require_own
from harness.faults.database import END_ALL, Question


class FreezePostmaster(BaseFault):
    """PostgreSQL takes no new connections and refuses none; the target's are ended, or it would not notice."""

    kind = "freeze_postmaster"
    detail = "SIGSTOP, sessions ended"

    def inject(self) -> str:
        """Stop the process and end the target's sessions; the proof is a new connection that gets no answer."""
        process = require_own(self.context.postmaster, "PostgreSQL", "--postgres-url")
        with closing(self.context.direct()) as connection, connection.cursor() as cursor:
            stopped = self.freeze(process)
            cursor.execute(END_ALL, (0, self.context.workload.database.application_name))
            (ended,) = cursor.fetchone() or (0,)
        silent = Question(self.context).unanswered()
        proven = ended and stopped and silent
        return f"process {process.pid} is stopped, {ended} sessions ended, {silent}" if proven else ""
