"""The pacing of clients: when each request of a client is intended, whatever became of those before it."""

import time
from collections.abc import Iterator
from random import Random


class Pacing:
    """Back to back without a pace; with one, request ``n`` is intended at start + n × pace.

    So time spent waiting for a slow answer counts as latency of the requests that it held up.
    """

    def __init__(self, pace_s: float | None, random: Random) -> None:
        self._pace_ns = round((pace_s or 0) * 1e9)
        # clients begin spread over one pace, not in step
        self._next_ns = time.monotonic_ns() + random.randrange(self._pace_ns or 1)

    def wait_s(self) -> float:
        """Return the seconds until the next request: 0 if it is due or past due, or there is no pace."""
        return max(0.0, (self._next_ns - time.monotonic_ns()) / 1e9) if self._pace_ns else 0.0

    def intended_ns(self, started_ns: int) -> int:
        """Return when a request that starts now was intended, and go on to the next."""
        intended_ns = self._next_ns if self._pace_ns else started_ns
        self._next_ns += self._pace_ns
        return intended_ns

    def is_due_before(self, stop_ns: int) -> bool:
        """Whether the next request was intended before a load ended, which it has."""
        return self._pace_ns > 0 and self._next_ns < stop_ns <= time.monotonic_ns()

    def overdue_ns(self, stop_ns: int) -> Iterator[int]:
        """Yield when each request was intended that was overdue by more than a pace as the load ended.

        The latest one may be due and waiting for an answer still; that is latency, and no failure.
        """
        while self._pace_ns and self._next_ns + self._pace_ns < stop_ns:
            yield self._next_ns
            self._next_ns += self._pace_ns
