"""Which worker to hit: the one that has the most in hand. One that serves nobody would prove nothing."""

from __future__ import annotations

from contextlib import suppress

import psutil

from harness.faults.context import FaultContext


def busiest_worker(context: FaultContext) -> tuple[psutil.Process | None, int]:
    """Return the worker with the most open connections, and how many they are; None if none has any."""
    found: tuple[psutil.Process | None, int] = (None, 0)
    for process in context.workers():
        with suppress(psutil.Error):
            open_now = sum(one.status == psutil.CONN_ESTABLISHED for one in process.net_connections("tcp"))
            if open_now > found[1]:
                found = (process, open_now)
    return found


def has_ended(process: psutil.Process) -> bool:
    """Whether a process runs no more; its parent may not have taken note yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
