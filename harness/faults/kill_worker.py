"""A worker of the application crashes with requests in hand."""

from __future__ import annotations

import signal

from harness.faults.worker_selection import WorkerEnds


class KillWorker(WorkerEnds):
    """SIGKILL: no handler runs, no rollback is sent; PostgreSQL sees the connections end."""

    kind = "kill_worker"
    detail = "SIGKILL to one of two"
    sent = signal.SIGKILL
