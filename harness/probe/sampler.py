"""The one thread that looks, for all probes that look from outside: each time it wakes up, the loop waits for it.

What a look does costs little; that a thread wakes up in between was seen to take a busy event loop about 50 µs, as both
want the interpreter's lock. So looks that are due at about the same time are taken at once, and one may be put off
without waking the thread: Linux has timers that are files (timerfd_create(2)), which a thread can wait for outside the
lock. Python has them from 3.13 on, and until then they are called in the C library. Elsewhere the thread wakes up, sees
that it was put off, and sleeps on.

While a look is taken no garbage is collected. Looks read stacks of other threads, which stand still as long as the
interpreter's lock is held. Up to Python 3.11 a collection may begin as the interpreter makes the object by which a call
is read, or the dictionary of its variables; what it runs may give the lock away, and the call then ends while it is
read: a process was seen to crash by that.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.probe.readings import reading

Look = Iterator[float]  # goes on looking, and tells after each look how many seconds to wait for the next
_MONOTONIC, _CLOSE_ON_EXEC, _ABSOLUTE = 1, 0o2000000, 1  # Linux's numbers


class SleepingTimer:
    """A timer that sleeps, as often as it is put off."""

    def __init__(self) -> None:
        self._at_s = 0.0

    def set(self, at_s: float) -> None:
        """Let it go off at this time of the monotonic clock; a sleep that is under way is slept to its end."""
        self._at_s = at_s

    def wait(self) -> None:
        """Wait until it goes off."""
        while (left_s := self._at_s - time.monotonic()) > 0:
            time.sleep(left_s)


class KernelTimer:
    """A timer of the Linux kernel.

    Raises:
        OSError: The system has none.
    """

    def __init__(self) -> None:
        library = ctypes.PyDLL(None, use_errno=True)  # keeps the lock: giving it up takes longer than the call
        self._timer = library.timerfd_create(_MONOTONIC, _CLOSE_ON_EXEC)
        if self._timer < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._set = library.timerfd_settime

    def set(self, at_s: float) -> None:
        """Let it go off at this time of the monotonic clock."""
        seconds = int(at_s)
        # A period, which is none, and when: each in seconds and nanoseconds. Not kept: two threads may set it at once.
        times = (ctypes.c_long * 4)(0, 0, seconds, int(1e9 * (at_s - seconds)))
        self._set(self._timer, _ABSOLUTE, times, None)

    def wait(self) -> None:
        """Wait until it goes off."""
        os.read(self._timer, 8)


Timer = SleepingTimer | KernelTimer


def timer() -> Timer:
    """Return the best timer that this system has."""
    if sys.platform == "linux":
        try:
            return KernelTimer()
        except (OSError, AttributeError):  # a kernel, or a C library, that has no such timers
            pass
    return SleepingTimer()


@dataclass
class Scheduled:
    """Looks that are taken again and again."""

    look: Look
    early_s: float
    due_s: float


class Sampler:
    """Takes looks as they are due, in a thread that begins with the first and ends when none is left."""

    def __init__(self) -> None:
        self._looking: list[Scheduled] = []
        self._timer = timer()

    def add(self, look: Look, early_s: float = 0.0) -> Scheduled:
        """Take these looks as well; ``early_s`` is how much earlier one may come, where it spares waking up for it."""
        first = not self._looking
        looking = Scheduled(look, early_s, time.monotonic())
        self._looking.append(looking)
        if first:
            threading.Thread(target=self._look, name="twinbench sampler", daemon=True).start()
        return looking

    def put_off(self, looking: Scheduled, until_s: float) -> None:
        """Take the next of these looks at that time only, without waking the thread up to tell it."""
        looking.due_s = until_s
        self._timer.set(min(one.due_s for one in self._looking))

    def _look(self) -> None:
        while self._looking:
            self._timer.set(min(one.due_s for one in self._looking))
            self._timer.wait()
            now_s = time.monotonic()
            for one in [one for one in self._looking if one.due_s - one.early_s <= now_s]:
                try:
                    with _uncollected(), reading():
                        wait_s = next(one.look, None)
                except Exception:  # noqa: BLE001 - a look that fails must not end the others; the target's log tells of it
                    traceback.print_exc()
                    wait_s = None
                if wait_s is None:
                    self._looking.remove(one)
                else:
                    one.due_s = time.monotonic() + wait_s


@contextmanager
def _uncollected() -> Iterator[None]:
    """Collect no garbage meanwhile, where the application would have it collected."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
