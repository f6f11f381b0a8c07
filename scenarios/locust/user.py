"""The Locust user: one client that sends the scenario's mix, and tells the recorder what came of each request."""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import gevent
import geventhttpclient.client
from locust import FastHttpUser, task

from harness.model.outcome import Outcome
from scenarios.locust.recorder import Recorder
from scenarios.operations import CREATES, OPERATIONS, READ_BY_CHECKS, SENT_HEADER, WRITES, Request
from scenarios.outcomes import outcome_of

# The client library silently sends GET, PUT and DELETE again, up to 12 times, when a connection closes
# without an answer, and has no option for it. One record must be one request, so this is off;
# the target's own count of requests is held against the record after every trial.
geventhttpclient.client._may_retry_after_send_error = lambda method: False  # noqa: ARG005, SLF001 - no public switch


SHARE_NAMED = 0.5
RETRIES = 2
PAUSE_S = 0.05


@dataclass(kw_only=True)
class Order:
    """The load of one trial.

    ``key_prefix`` is 8 hex digits, with which every write key begins; ``numbers`` gives each client its own;
    ``stop_ns`` is when the load ended, once it has. Without a recorder nothing is recorded but Locust's own statistics.
    """

    mix: Mapping[str, int]
    pace_s: float | None
    retries: bool
    seed: int
    key_prefix: str
    recorder: Recorder | None
    numbers: Iterator[int] = field(default_factory=itertools.count)
    stop_ns: int = sys.maxsize


class ApiUser(FastHttpUser):
    """A client of the users/posts API.

    Without a pace it sends back to back, and a request is intended the moment it is sent. With one, request
    ``n`` is intended at start + n × pace whatever happened before, so that time spent waiting for a
    slow answer counts as latency of the requests that it held up.
    """

    network_timeout = 10.0
    connection_timeout = 10.0
    max_retries = 0
    max_redirects = 0

    def on_start(self) -> None:
        """Take the trial's order, a random sequence of one's own, and a first turn."""
        self.order: Order = self.environment.order  # put there by whoever drives Locust
        self.number = next(self.order.numbers)
        self.random = Random(f"{self.order.seed}/{self.number}")  # noqa: S311 - reproducible load, no secret
        self.names = list(self.order.mix)
        self.weights = list(self.order.mix.values())
        self.sent = 0
        self.pace_ns = round((self.order.pace_s or 0) * 1e9)
        # clients begin spread over one pace, not in step
        self.next_ns = time.monotonic_ns() + self.random.randrange(self.pace_ns or 1)

    def wait_time(self) -> float:
        """Seconds until the next turn: 0 if it is due or past due, or there is no pace."""
        return max(0.0, (self.next_ns - time.monotonic_ns()) / 1e9) if self.pace_ns else 0.0

    def on_stop(self) -> None:
        """Own up to the turns that never came: overdue by more than a pace when the load ended, and not sent.

        The latest turn may be due and waiting for an answer still; that is latency, and no failure.
        """
        now_ns = time.monotonic_ns()
        while self.pace_ns and self.next_ns + self.pace_ns < self.order.stop_ns:
            self._record("turn", "", self.next_ns, (now_ns, now_ns), ("unsent", 0, "its turn never came"))
            self.next_ns += self.pace_ns

    @task
    def send(self) -> None:
        """Send one request and record it."""
        name = self.random.choices(self.names, self.weights)[0]
        key = f"{self.order.key_prefix}{self.number:08x}{self.sent:016x}" if name in WRITES else ""
        self.sent += 1
        request = OPERATIONS[name](self.random, key)
        named = self.order.retries and name in CREATES and self.random.random() < SHARE_NAMED
        outcome = self._send_once(name, request, named=named)
        for _ in range(RETRIES if named else 0):
            if outcome is not Outcome.UNKNOWN:
                break
            gevent.sleep(PAUSE_S)
            outcome = self._send_once(name, request, named=named)
        if self.order.retries and outcome is not Outcome.OK:
            gevent.sleep(PAUSE_S)  # who is refused waits a little, as clients do

    def _send_once(self, name: str, request: Request, *, named: bool) -> Outcome:
        headers = {"Write-Key": request.key, "Content-Type": "application/json"} if request.key else {}
        if named:
            headers["Idempotency-Key"] = request.key
        body = json.dumps(request.body) if request.body is not None else None
        started_ns = time.monotonic_ns()
        headers[SENT_HEADER] = str(started_ns)
        intended_ns = self.next_ns if self.pace_ns else started_ns
        response = self.client.request(request.method, request.path, name=name, data=body, headers=headers)
        ended_ns = time.monotonic_ns()
        self.next_ns += self.pace_ns
        came = told(response)
        said = response.text if name in READ_BY_CHECKS and came[0] == Outcome.OK else ""
        asked = str(request) if request.key else ""
        times = started_ns, ended_ns
        self._record(name, request.key, intended_ns, times, came, named=named, said=said or "", asked=asked)
        return Outcome(came[0])

    def _record(  # noqa: PLR0913 - the columns of a record
        self,
        name: str,
        key: str,
        intended_ns: int,
        sent: tuple[int, int],
        came: tuple[str, int, str],
        *,
        named: bool = False,
        said: str = "",
        asked: str = "",
    ) -> None:
        recorder = self.order.recorder
        if recorder is not None:
            outcome, status, error = came
            recorder.add(
                name=name,
                key=key,
                intended_ns=intended_ns,
                started_ns=sent[0],
                ended_ns=sent[1],
                outcome=outcome,
                status=status,
                error=error,
                named=named,
                said=said,
                asked=asked,
            )


def told(response: Any) -> tuple[str, int, str]:  # noqa: ANN401 - Locust's responses share no typed base
    """Say what a client knows: outcome, status and error. Without an answer only a refused connection is certain."""
    status = response.status_code
    if status == 0:
        error = response.error
        text = f"{type(error).__name__}: {error}"
        return ("unsent" if isinstance(error, ConnectionRefusedError) else "unknown"), 0, text
    outcome = outcome_of(status, retry_after="retry-after" in response.headers)
    return outcome, status, "" if outcome is Outcome.OK else (response.text or "")[:200]
