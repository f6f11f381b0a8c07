"""A worker of the application is asked to end with requests in hand: a deployment."""

from __future__ import annotations

import signal

from harness.faults.worker_selection import WorkerEnds


class TerminateWorker(WorkerEnds):
    """SIGTERM: the worker may finish what it has begun, within its grace."""

    kind = "terminate_worker"
    detail = "SIGTERM to one of two"
    sent = signal.SIGTERM
