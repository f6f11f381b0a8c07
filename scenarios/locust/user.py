"""The Locust user: one client that sends the scenario's mix, and records what came of each request."""

import itertools
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import gevent
import geventhttpclient.client
from locust import FastHttpUser, task

from harness.model.op import Op, Outcome, outcome_of
from harness.model.plan import Order
from harness.model.workload import SENT_HEADER, Request, Workload
from scenarios.locust.recorder import Recorder

# The client library silently sends GET, PUT and DELETE again, up to 12 times, when a connection closes
# without an answer, and has no option for it. One record must be one request, so this is off;
# the target's own count of requests is held against the record after every trial.
geventhttpclient.client._may_retry_after_send_error = lambda method: False  # noqa: ARG005, SLF001 - no public switch

SHARE_NAMED = 0.5
RETRIES = 2
PAUSE_S = 0.05


class Pacing:
    """A client's turns: back to back without a pace; with one, request ``n`` is intended at start + n × pace.

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

    def overdue_ns(self, stop_ns: int) -> Iterator[int]:
        """Yield when each request was intended that was overdue by more than a pace as the load ended.

        The latest one may be due and waiting for an answer still; that is latency, and no failure.
        """
        while self._pace_ns and self._next_ns + self._pace_ns < stop_ns:
            yield self._next_ns
            self._next_ns += self._pace_ns


@dataclass(kw_only=True)
class Load:
    """The load of one trial, shared by its clients.

    ``numbers`` gives each client its own; ``stop_ns`` is when the load ended, once it has. Without a recorder nothing
    is recorded but Locust's own statistics.
    """

    order: Order
    workload: Workload
    recorder: Recorder | None
    numbers: Iterator[int] = field(default_factory=itertools.count)
    stop_ns: int = sys.maxsize


class ApiUser(FastHttpUser):
    """One client, which sends at the scenario's pace."""

    network_timeout = 10.0
    connection_timeout = 10.0
    max_retries = 0
    max_redirects = 0

    def on_start(self) -> None:
        """Take the trial's order, a random sequence of one's own, and a first turn."""
        self.load: Load = self.environment.load  # put there by whoever drives Locust
        order = self.load.order
        self.number = next(self.load.numbers)
        self.random = Random(f"{order.seed}/{self.number}")  # noqa: S311 - reproducible load, no secret
        self.names, self.weights = list(order.mix), list(order.mix.values())
        self.retries = order.shape.retries
        self.sent = 0
        self.pacing = Pacing(order.shape.pace_s, self.random)

    def wait_time(self) -> float:
        """Return the seconds until the next request."""
        return self.pacing.wait_s()

    def on_stop(self) -> None:
        """Record the requests that were intended and never sent."""
        now_ns = time.monotonic_ns()
        # Locust's own page ends a load without saying when it was to end
        for intended_ns in self.pacing.overdue_ns(min(self.load.stop_ns, now_ns)):
            self._record(
                name="turn",
                intended_ns=intended_ns,
                started_ns=now_ns,
                ended_ns=now_ns,
                outcome=Outcome.UNSENT,
                error="its turn never came",
            )

    @task
    def send(self) -> None:
        """Send one request and record it."""
        name = self.random.choices(self.names, self.weights)[0]
        write = self.load.workload.writes.get(name)
        key = f"{self.load.order.key_prefix}{self.number:08x}{self.sent:016x}" if write else ""
        self.sent += 1
        named = bool(self.retries and write and write.retries and self.random.random() < SHARE_NAMED)
        request = self.load.workload.request(name, self.random, key, named=named)
        outcome = self._send_once(name, request, key, named=named)
        for _ in range(RETRIES if named else 0):
            if outcome is not Outcome.UNKNOWN:
                break
            gevent.sleep(PAUSE_S)
            outcome = self._send_once(name, request, key, named=named)
        if self.retries and outcome is not Outcome.OK:
            gevent.sleep(PAUSE_S)  # who is refused waits a little, as clients do

    def _send_once(self, name: str, request: Request, key: str, *, named: bool) -> Outcome:
        body = None if request.body is None else json.dumps(request.body)
        headers = dict(request.headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        started_ns = time.monotonic_ns()
        headers[SENT_HEADER] = str(started_ns)
        response = self.client.request(request.method, request.path, name=name, data=body, headers=headers)
        ended_ns = time.monotonic_ns()
        outcome, error = told(response)
        read = self.load.workload.sum_read
        kept = read is not None and name == read.operation and outcome is Outcome.OK
        self._record(
            name=name,
            key=key,
            intended_ns=self.pacing.intended_ns(started_ns),
            started_ns=started_ns,
            ended_ns=ended_ns,
            outcome=outcome,
            status=response.status_code,
            error=error,
            named=named,
            said=(response.text or "") if kept else "",
            asked=str(request) if key else "",
        )
        return outcome

    def _record(self, *, key: str = "", status: int = 0, **columns: Any) -> None:  # noqa: ANN401 - as ``Op`` types them
        recorder = self.load.recorder
        if recorder is not None:
            recorder.add(Op(id=recorder.recorded, key=key, status=status, **columns))


def told(response: Any) -> tuple[Outcome, str]:  # noqa: ANN401 - Locust's responses share no typed base
    """Return what a client knows, and the error. Without an answer only a refused connection is certain."""
    if response.status_code == 0:
        error = response.error
        refused = isinstance(error, ConnectionRefusedError)
        return Outcome.UNSENT if refused else Outcome.UNKNOWN, f"{type(error).__name__}: {error}"
    outcome = outcome_of(response.status_code, retry_after="retry-after" in response.headers)
    return outcome, "" if outcome is Outcome.OK else (response.text or "")[:200]
