"""Sampling of requests to look into: all of them while they are few, and a random share when they are many.

What a probe costs then grows no further with the load. Sampling that depends on nothing that the request does, not on
when it came either, leaves means and medians what they are: of requests that come together the first waits least.
"""

from __future__ import annotations

import math
import os
import time
from random import random

MOST_VARIABLE = "TWINBENCH_LOOKED_INTO_PER_S"  # for whoever drives a target only part of the time
# A dozen in the shortest of trials, which is enough for a median.
MOST_PER_S = int(os.environ.get(MOST_VARIABLE, "20"))
ADAPT_EVERY_S = 0.1
LOOK_EVERY = 8  # requests to the next look at the clock, at most: so it is noticed soon that they have become few


class RequestSampling:
    """Chooses about ``MOST_PER_S`` requests a second, by how many there were in the tenth of a second before.

    Where many come at once after few, the count begins anew as soon as seven tenths more have been chosen than
    may be in a tenth of a second.

    How many to pass over is drawn beforehand, from the geometric distribution, which is the same as a draw for each of
    them: asking for one that is passed over costs a subtraction and a comparison.

    Attributes:
        left: How many more may be passed over before it must ``decide``: whoever asks counts it down, without a call.
    """

    def __init__(self) -> None:
        self.left = 0
        self._share = 1.0
        self._seen = self._fell = 0
        self._most = 1.7 * MOST_PER_S * ADAPT_EVERY_S
        self._ahead = self._step = 1  # to the next that it falls on, and to the next look at the clock
        self._since_s = time.perf_counter()

    def decide(self) -> bool:
        """Say whether it falls on the request that is the next after all that were left."""
        self._seen += self._step
        self._ahead -= self._step
        falls = self._ahead <= 0
        self._fell += falls
        now_s = time.perf_counter()
        past_s = now_s - self._since_s
        anew = past_s >= ADAPT_EVERY_S or self._fell > self._most
        if anew:
            self._share = min(1.0, MOST_PER_S * past_s / self._seen)
            self._seen, self._fell, self._since_s = 0, 0, now_s
        if falls or anew:  # the distribution has no memory, so that a new count may begin with a new draw
            self._ahead = self._draw()
        self._step = min(self._ahead, LOOK_EVERY)
        self.left = self._step - 1
        return falls

    def _draw(self) -> int:
        """Draw how many requests from here the next one is, by inversion: 1 if it falls on all."""
        if self._share >= 1:
            return 1
        return 1 + int(math.log(1 - random()) / math.log1p(-self._share))  # noqa: S311 - a sample, no secret
