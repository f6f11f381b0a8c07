"""Measurements from outside while load runs: latency to PostgreSQL, its sessions by state, CPU time of each part."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext, suppress
from random import sample, uniform
from typing import Self

import psutil
import psycopg2

from harness.model.evidence import Sample
from harness.provision.postgres import connect
from harness.provision.processes import Child

INTERVAL_S = 0.01
JITTER = 0.5  # of the interval: what happens ten times a second would else be seen at the same moment of its course
SESSIONS_INTERVAL_S = 0.1
LONG_S = 0.05  # beside the added latency: what a statement takes, and the pause before the next, is far less otherwise
# Of a statement, up to its first value or the place of one; as harness/probe/standing.py has it.
BEGINNING = r"""btrim(substring(btrim(query, E' \n\r\t') FROM '^[^$%%''0-9:?]{0,200}'), E' \n\r\t')"""
# The function behind pg_stat_activity: the view joins the names of users and databases, which takes as long again.
SESSIONS = f"""
SELECT count(*) FILTER (WHERE active),
       count(*) FILTER (WHERE active AND since > %(long)s),
       count(*) FILTER (WHERE idle),
       count(*) FILTER (WHERE idle AND since > %(long)s),
       coalesce(string_agg(round(since, 3)::text, ' ') FILTER (WHERE idle AND since > %(long)s), ''),
       array_agg(ARRAY[wait_event, beginning]) FILTER (WHERE active AND wait_event_type = 'Lock')
  FROM (SELECT state = 'active' AS active,
               state LIKE 'idle in transaction%%' AS idle,
               extract(epoch FROM clock_timestamp() - state_change) AS since,
               wait_event_type, wait_event,
               {BEGINNING} AS beginning
          FROM pg_stat_get_activity(NULL)
         WHERE datid = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND backend_type = 'client backend'
           AND application_name NOT LIKE 'twinbench%%') AS sessions
"""  # noqa: S608 - our own
STATES = ("active", "long_active", "idle_in_transaction", "long_idle_in_transaction")


class Route:
    """One open connection to PostgreSQL, direct or through a proxy; each query on it is one round trip."""

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


class Sampler(ABC):
    """Takes samples in a thread of its own, ``interval_s`` apart on average, until it is left."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._samples: list[Sample] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._measure, name=type(self).__name__, daemon=True)

    def __enter__(self) -> Self:
        """Start sampling."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop and wait for the last reading."""
        self._stopping.set()
        self._thread.join()

    def samples(self) -> tuple[Sample, ...]:
        """The readings, complete once the sampler was left."""
        return tuple(self._samples)

    def _measure(self) -> None:
        # A way that breaks ends the readings; the check that needs them then says "undecided".
        with suppress(psycopg2.Error), self._connected():
            while not self._stopping.wait(self._interval_s * uniform(1 - JITTER, 1 + JITTER)):  # noqa: S311 - no secret
                self._samples.extend(self._read())

    def _connected(self) -> AbstractContextManager[object]:
        """Open the source of the readings, if it is not open yet."""
        return nullcontext()

    @abstractmethod
    def _read(self) -> Iterable[Sample]:
        """Take one reading."""


class Meter(Sampler):
    """Samples the round trip of every route in turn, in an order that is drawn anew each time.

    The first after a pause takes longer, whichever way it goes: half a millisecond was seen on a busy machine.
    """

    def __init__(self, routes: Mapping[str, Route]) -> None:
        super().__init__(INTERVAL_S)
        self._routes = routes

    def _read(self) -> Iterable[Sample]:
        for name, route in sample([*self._routes.items()], len(self._routes)):
            took_s = route.round_trip_s()
            now_ns = time.monotonic_ns()
            yield Sample(t_ns=now_ns, probe="distance", metric="round_trip_s", value=took_s, labels={"route": name})


class SessionMeter(Sampler):
    """Counts sessions by state, and by the lock that they wait for, ten times a second.

    Samples of the probe ``sessions``: ``active`` and ``idle_in_transaction``, and how many have been so for longer than
    ``LONG_S`` and the added latency, ``limit_s``; of those idle, ``ages`` are for how many seconds each. ``blocked``
    are those that wait for a ``lock`` of this kind, by the beginning of their ``statement``, which ends before its
    first value: harness/probe/standing.py tells as much.
    """

    def __init__(self, url: str, added_s: float = 0.0) -> None:
        super().__init__(SESSIONS_INTERVAL_S)
        self._url = url
        self._long_s = LONG_S + added_s

    @contextmanager
    def _connected(self) -> Iterator[None]:
        with closing(connect(self._url)) as connection, connection.cursor() as self._cursor:
            yield

    def _read(self) -> Iterable[Sample]:
        self._cursor.execute(SESSIONS, {"long": self._long_s})
        now_ns = time.monotonic_ns()
        *counts, ages, blocked = self._cursor.fetchone() or ()
        for name, count in zip(STATES, counts, strict=True):
            yield Sample(
                t_ns=now_ns,
                probe="sessions",
                metric=name,
                value=count,
                fields={"limit_s": self._long_s},
                labels={"ages": ages} if name == STATES[-1] else {},
            )
        for (lock, statement), count in Counter(map(tuple, blocked or ())).items():
            labels = {"lock": lock, "statement": statement}
            yield Sample(t_ns=now_ns, probe="sessions", metric="blocked", value=count, labels=labels)


@contextmanager
def routes(urls: Mapping[str, str]) -> Iterator[dict[str, Route]]:
    """Open a route by every URL for as long as the context lasts."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(closing(Route(url))) for name, url in urls.items()}


def cpu_seconds(parts: Mapping[str, Child]) -> dict[str, float]:
    """Return the CPU time that each part, with its descendants, has used so far, in seconds of one core."""
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
