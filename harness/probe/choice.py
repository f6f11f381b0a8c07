"""Which requests to look into: all of them while they are few, and a share at random when they are many.

What a probe costs then grows no further with the load. A choice that depends on nothing that the request does, not on
when it came either, leaves means and medians what they are: of requests that come together the first waits least.
"""

from __future__ import annotations

import time
from random import random

ADAPT_EVERY_S = 0.1


class Choice:
    """Chooses about ``most_per_s`` requests a second, by how many there were in the tenth of a second before.

    Threads may share it without a lock: some of their requests are then not counted, and none of them fails.
    """

    def __init__(self, most_per_s: float) -> None:
        self._most_per_s = most_per_s
        self._share = 1.0
        self._seen = 0
        self._since_s = time.perf_counter()

    def falls(self) -> bool:
        """Say whether it falls on this request; asked once of each."""
        seen = self._seen = self._seen + 1  # another thread may begin a new count meanwhile: then this one still holds
        now_s = time.perf_counter()
        past_s = now_s - self._since_s
        if past_s >= ADAPT_EVERY_S:
            self._share = min(1.0, self._most_per_s * past_s / seen)
            self._seen, self._since_s = 0, now_s
        return random() < self._share  # noqa: S311 - a sample, no secret
