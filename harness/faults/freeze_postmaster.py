"""PostgreSQL takes no new connections and refuses none; those that are open work on."""

from __future__ import annotations

import signal
from dataclasses import dataclass

import psutil

from harness.errors import HarnessError
from harness.faults.arena import Arena
from harness.faults.questions import Question

SILENCE_S = 0.5


@dataclass(frozen=True, kw_only=True)
class FreezePostmaster:
    """PostgreSQL takes no new connections and refuses none; those that are open work on."""

    arena: Arena
    kind: str = "freeze_postmaster"
    colour: str = "--fault-postgres"
    detail: str = "SIGSTOP"

    def inject(self) -> str:
        """Stop the process; the proof is its state, and a new connection that gets no answer."""
        process = self._process()
        process.send_signal(signal.SIGSTOP)
        silent = Question(self.arena).unanswered(SILENCE_S)
        stopped = process.status() == psutil.STATUS_STOPPED
        return f"process {process.pid} is stopped, no answer in {SILENCE_S} s" if stopped and silent else ""

    def heal(self) -> None:
        """Let it go on."""
        if self.arena.postmaster is not None:
            self.arena.postmaster.send_signal(signal.SIGCONT)

    def _process(self) -> psutil.Process:
        if self.arena.postmaster is None:
            raise HarnessError("PostgreSQL is not ours to stop", "Leave --postgres-url out")
        return self.arena.postmaster
