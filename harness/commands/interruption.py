"""Signals that end a process, taken as Ctrl-C is."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

ENDS = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def ended_in_order() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into what Ctrl-C is, so that every context manager gets to clean up.

    One that the shell has us ignore stays ignored: nohup means it. Only the ends of children have to reach us.
    """
    heard = [number for number in ENDS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, signal.default_int_handler) for number in heard}
    before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
