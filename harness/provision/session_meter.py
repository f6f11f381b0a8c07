"""The target's sessions by state while load runs: PostgreSQL's own account beside the pool's."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from harness.model.evidence import Sample
from harness.provision.meter import Sampler
from harness.provision.postgres import connect

INTERVAL_S = 0.1
LONG_S = 0.05  # beside the added latency: what a statement takes, and the pause before the next, is far less otherwise
# The function behind pg_stat_activity: the view joins the names of users and databases, which takes as long again.
QUERY = """
SELECT count(*) FILTER (WHERE active),
       count(*) FILTER (WHERE active AND since > %(long)s),
       count(*) FILTER (WHERE idle),
       count(*) FILTER (WHERE idle AND since > %(long)s)
  FROM (SELECT state = 'active' AS active,
               state LIKE 'idle in transaction%%' AS idle,
               extract(epoch FROM clock_timestamp() - state_change) AS since
          FROM pg_stat_get_activity(NULL)
         WHERE datid = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND backend_type = 'client backend'
           AND application_name NOT LIKE 'twinbench%%') AS sessions
"""


NAMES = ("active", "long_active", "idle_in_transaction", "long_idle_in_transaction")


class SessionMeter(Sampler):
    """Counts sessions by state ten times a second.

    Samples of the probe ``sessions``: ``active`` and ``idle_in_transaction``, and how many have been so for longer than
    ``LONG_S`` and the added latency.
    """

    def __init__(self, url: str, added_s: float = 0.0) -> None:
        super().__init__(INTERVAL_S)
        self._url = url
        self._long_s = LONG_S + added_s

    @contextmanager
    def _connected(self) -> Iterator[None]:
        with closing(connect(self._url)) as connection, connection.cursor() as self._cursor:
            yield

    def _read(self) -> Iterable[Sample]:
        self._cursor.execute(QUERY, {"long": self._long_s})
        now_ns = time.monotonic_ns()
        for name, count in zip(NAMES, self._cursor.fetchone() or (), strict=True):
            yield Sample(t_ns=now_ns, probe="sessions", metric=name, value=count)
