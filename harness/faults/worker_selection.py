"""The worker to hit is the one that has the most in hand: one that serves nobody would prove nothing."""

from __future__ import annotations

import signal
from contextlib import suppress

import psutil

from harness.faults.base import BaseFault
from harness.faults.context import FaultContext, wait_for

WORKERS = 2
REPLACED_TIMEOUT_S = 15.0


def busiest_worker(context: FaultContext) -> tuple[psutil.Process | None, int]:
    """Return the worker with the most open connections, and how many they are; None if none has any."""
    found: tuple[psutil.Process | None, int] = (None, 0)
    for process in context.workers():
        with suppress(psutil.Error):
            open_now = sum(one.status == psutil.CONN_ESTABLISHED for one in process.net_connections("tcp"))
            if open_now > found[1]:
                found = (process, open_now)
    return found


class WorkerEnds(BaseFault):
    """A signal that is ``sent`` to the busiest worker ends it; it is healed when the server has as many again."""

    sent: signal.Signals

    def inject(self) -> str:
        """Signal one worker; the proof is that it is gone."""
        self.undo.callback(wait_for, lambda: len(self.context.workers()) >= WORKERS, REPLACED_TIMEOUT_S)
        worker, in_hand = busiest_worker(self.context)
        if worker is None:
            return ""
        worker.send_signal(self.sent)
        ended = wait_for(lambda: _has_ended(worker))
        return f"worker {worker.pid}, with {in_hand} connections, is gone" if ended else ""


def _has_ended(process: psutil.Process) -> bool:
    """Whether a process runs no more; its parent may not have taken note yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
