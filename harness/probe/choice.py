"""Which requests to look into: all of them while they are few, and a share at random when they are many.

What a probe costs then grows no further with the load. A choice that depends on nothing that the request does, not on
when it came either, leaves means and medians what they are: of requests that come together the first waits least.
"""

from __future__ import annotations

import math
import time
from random import random

MOST_PER_S = 50  # what a tenth of a second must tell is told by five; each costs as much as a tenth of a ping
ADAPT_EVERY_S = 0.1
LOOK_EVERY = 8  # requests between two looks at the clock: few enough to notice soon that they have become few


class Choice:
    """Chooses about ``MOST_PER_S`` requests a second, by how many there were in the tenth of a second before.

    Where many come at once after few, the count begins anew as soon as half more have been chosen than may be in a
    tenth of a second.

    How many to pass over is drawn beforehand, from the geometric distribution, which is the same as a draw for each of
    them: asking for one that is passed over costs an addition and a comparison. Threads may share it without a lock:
    some of their requests are then not counted, and none of them fails.
    """

    def __init__(self) -> None:
        self._share = 1.0
        self._seen = self._fell = 0
        self._most = 1.5 * MOST_PER_S * ADAPT_EVERY_S
        self._next = 1
        self._since_s = time.perf_counter()

    def falls(self) -> bool:
        """Say whether it falls on this request; asked once of each."""
        seen = self._seen = self._seen + 1  # another thread may begin a new count meanwhile: then this one still holds
        if seen < self._next and seen % LOOK_EVERY:
            return False
        return self._decide(seen)

    def _decide(self, seen: int) -> bool:
        falls = seen >= self._next
        self._fell += falls
        now_s = time.perf_counter()
        past_s = now_s - self._since_s
        anew = past_s >= ADAPT_EVERY_S or self._fell > self._most
        if anew:
            self._share = min(1.0, MOST_PER_S * past_s / seen)
            self._seen, self._fell, self._since_s = 0, 0, now_s
        if falls or anew:  # the distribution has no memory, so that a new count may begin with a new draw
            self._next = (0 if anew else seen) + self._draw()
        return falls

    def _draw(self) -> int:
        """Draw how many requests from here the next one is, by inversion: 1 if it falls on all."""
        if self._share >= 1:
            return 1
        return 1 + int(math.log(1 - random()) / math.log1p(-self._share))  # noqa: S311 - a sample, no secret
