"""What a look has read of other threads, kept for a while if they may have gone on meanwhile.

A thread that has taken the interpreter's lock keeps it for one switch interval at least, and most looks are over by
then: all that is read stands still. One whose core was taken away may be longer under way. Calls that end then leave
their variables to whoever has read them, and it would be the look that ends the application's objects: in a thread
that they were not made for, and while their own still works on them. SQLAlchemy lets go of rows in two threads then,
by which Python 3.11 frees a dictionary that is still in use: processes were seen to crash. So who reads keeps what it
has read, until those whose it was have long done with it.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LONG_S = 1.0  # what a thread was seen with, it has done with after so long

_reader: int | None = None  # the thread that looks, while it does
_read: list[object] = []  # by the look that is under way
_kept: deque[tuple[float, list[object]]] = deque()  # and by those that took long, with when it is let go of


def keep(read: object) -> None:
    """Keep what a look has read to its end, and longer if it takes long; what any other thread reads is its own."""
    if threading.get_ident() == _reader:
        _read.append(read)


def stacks_of_threads() -> dict[int, FrameType]:
    """Return the innermost call of each thread, by the thread's number."""
    frames = sys._current_frames()  # noqa: SLF001 - documented for this purpose
    keep(frames)
    return frames


@contextmanager
def reading() -> Iterator[None]:
    """Keep what is read meanwhile for as long as it takes, and let go of what was kept before for long enough."""
    global _reader  # noqa: PLW0603 - as there is one thread that looks
    began_s, _reader = time.monotonic(), threading.get_ident()
    try:
        yield
    finally:
        _reader = None
        ended_s = time.monotonic()
        if ended_s - began_s >= sys.getswitchinterval():
            _kept.append((ended_s + LONG_S, _read[:]))
        _read.clear()
        while _kept and _kept[0][0] <= ended_s:
            _kept.popleft()
