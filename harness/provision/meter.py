"""What the harness measures from outside while load runs: the distance to PostgreSQL, and who uses the CPU."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Self

import psutil
import psycopg2

from harness.model import Sample
from harness.provision.custody import Child
from harness.provision.postgres import connect

INTERVAL_S = 0.01


class Route:
    """One open connection to PostgreSQL by a certain way; each question on it is one round trip."""

    def __init__(self, url: str) -> None:
        self._connection = connect(url)
        self._cursor = self._connection.cursor()

    def round_trip_s(self) -> float:
        """Time one round trip, in seconds.

        Raises:
            psycopg2.Error: The connection is gone.
        """
        before = time.perf_counter()
        self._cursor.execute("SELECT 1")  # in autocommit mode: one message out, one answer back
        return time.perf_counter() - before

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Meter:
    """Samples the round trip of every route in turn, in a thread of its own, until it is left."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self._routes = routes
        self._samples: list[Sample] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._measure, name="meter", daemon=True)

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop and wait for the last reading."""
        self._stopping.set()
        self._thread.join()

    def samples(self) -> tuple[Sample, ...]:
        """What was read, to be asked for after the meter was left."""
        return tuple(self._samples)

    def _measure(self) -> None:
        # A route that breaks ends the readings; the check that needs them then says "undecided".
        with suppress(psycopg2.Error):
            while not self._stopping.wait(INTERVAL_S):
                for name, route in self._routes.items():
                    took_s = route.round_trip_s()
                    self._samples.append(
                        Sample(
                            t_ns=time.monotonic_ns(),
                            probe="distance",
                            metric="round_trip_s",
                            value=took_s,
                            labels={"route": name},
                        )
                    )


@contextmanager
def routes(urls: Mapping[str, str]) -> Iterator[dict[str, Route]]:
    """Open a route by every URL for as long as the context lasts."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(closing(Route(url))) for name, url in urls.items()}


def cpu_seconds(parts: Mapping[str, Child]) -> dict[str, float]:
    """CPU time that each part, with its descendants, has used so far, in seconds of one core."""
    used = {}
    for name, child in parts.items():
        total = 0.0
        with suppress(psutil.Error):
            for process in (child.process, *child.process.children(recursive=True)):
                with suppress(psutil.Error):
                    times = process.cpu_times()
                    total += times.user + times.system
        used[name] = total
    return used
