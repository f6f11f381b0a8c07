"""The proxy hangs: connections stand, nothing moves, and none ends."""

from __future__ import annotations

import signal
from dataclasses import dataclass

import psutil

from harness.errors import HarnessError
from harness.faults.context import FaultContext
from harness.faults.database import Question

SILENCE_S = 0.5


@dataclass(frozen=True, kw_only=True)
class ProxyFrozen:
    """The proxy hangs: connections stand, nothing moves, and none ends."""

    context: FaultContext
    kind: str = "proxy_frozen"
    detail: str = "SIGSTOP"

    def inject(self) -> str:
        """Stop the process; the proof is its state, and a new connection that gets no answer."""
        process = self._process()
        process.send_signal(signal.SIGSTOP)
        silent = Question(self.context).unanswered(SILENCE_S)
        stopped = process.status() == psutil.STATUS_STOPPED
        return f"process {process.pid} is stopped, no answer in {SILENCE_S} s" if stopped and silent else ""

    def heal(self) -> None:
        """Let it go on."""
        if self.context.toxiproxy is not None:
            self.context.toxiproxy.send_signal(signal.SIGCONT)

    def _process(self) -> psutil.Process:
        if self.context.toxiproxy is None:
            raise HarnessError("Toxiproxy is not ours to stop", "Leave --toxiproxy-url out")
        return self.context.toxiproxy
