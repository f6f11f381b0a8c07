"""The one thread that looks, for all probes that look from outside: each time it wakes up, the loop waits for it.

What a look does costs little; that a thread wakes up in between was seen to take a busy event loop about 50 µs, as both
want the interpreter's lock. So looks that are due at about the same time are taken at once, and one may be put off.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from harness.probe.timer import timer

Look = Iterator[float]  # goes on looking, and tells after each look how many seconds to wait for the next


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
                    wait_s = next(one.look, None)
                except Exception:  # noqa: BLE001 - a look that fails must not end the others; the target's log tells of it
                    traceback.print_exc()
                    wait_s = None
                if wait_s is None:
                    self._looking.remove(one)
                else:
                    one.due_s = time.monotonic() + wait_s
