"""PostgreSQL takes no new connections and refuses none, and the target has lost those that it had."""

from __future__ import annotations

import signal
from contextlib import closing
from dataclasses import dataclass

import psutil

from harness.errors import HarnessError
from harness.faults.context import FaultContext
from harness.faults.database import Question

SILENCE_S = 0.5
END_ALL = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = %s"


@dataclass(frozen=True, kw_only=True)
class FreezePostmaster:
    """PostgreSQL takes no new connections and refuses none; the target's are ended, or it would not notice."""

    context: FaultContext
    kind: str = "freeze_postmaster"
    detail: str = "SIGSTOP, sessions ended"

    def inject(self) -> str:
        """Stop the process and end the target's sessions; the proof is a new connection that gets no answer."""
        process = self._process()
        with closing(self.context.direct()) as connection, connection.cursor() as cursor:
            process.send_signal(signal.SIGSTOP)
            cursor.execute(END_ALL, (self.context.workload.database.application_name,))
            (ended,) = cursor.fetchone() or (0,)
        silent = Question(self.context).unanswered(SILENCE_S)
        stopped = process.status() == psutil.STATUS_STOPPED
        proven = ended and stopped and silent
        return f"process {process.pid} is stopped, {ended} sessions ended, no answer in {SILENCE_S} s" if proven else ""

    def heal(self) -> None:
        """Let it go on."""
        if self.context.postmaster is not None:
            self.context.postmaster.send_signal(signal.SIGCONT)

    def _process(self) -> psutil.Process:
        if self.context.postmaster is None:
            raise HarnessError("PostgreSQL is not ours to stop", "Leave --postgres-url out")
        return self.context.postmaster
