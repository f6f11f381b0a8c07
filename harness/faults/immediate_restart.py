"""PostgreSQL crashes and is started again."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress

import psutil

from harness.faults.base import BaseFault
from harness.faults.database import ask

WAL_WRITER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"
STARTED = "SELECT pg_postmaster_start_time()"
# What is not on disk by then is what somebody was told too early; a session that waits for its commit writes itself.
HELD_S = 0.3
LET_GO_S = 0.1


class ImmediateRestart(BaseFault):
    """Immediate shutdown: no checkpoint, no message to clients; what was committed comes back from the WAL.

    The WAL writer is stopped for a moment before, so that the shutdown never happens to come just after it wrote.
    """

    kind = "immediate_restart"
    detail = "immediate shutdown, then start"

    def inject(self) -> str:
        """Stop and start; the proof is that the server says it started a moment ago."""
        before = ask(self.context, STARTED)
        pid = ask(self.context, WAL_WRITER)
        if self.context.postmaster is not None and pid is not None:
            _send(pid, signal.SIGSTOP)
            time.sleep(HELD_S)
            # the order to shut down waits for it by then, and is the first thing that it gets to see
            threading.Timer(LET_GO_S, _send, (pid, signal.SIGCONT)).start()
        self.context.restart_postgres()
        after = ask(self.context, STARTED)
        return f"the server started again at {after:%H:%M:%S}" if after is not None and after != before else ""


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(psutil.Error):
        psutil.Process(pid).send_signal(number)
