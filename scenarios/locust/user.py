"""The Locust user: one client of a load, that sends its mix whenever it is its turn, and records what came of it."""

import json
import time
from random import Random
from typing import Any

import gevent
import geventhttpclient.client
from locust import FastHttpUser, task
from locust.exception import StopUser

from harness.model.request_record import Op, Outcome, outcome_of
from harness.model.workload import SENT_HEADER, Request
from scenarios.locust.load import Load, NoMoreTurns
from scenarios.locust.pacing import Pacing

# The client library silently sends GET, PUT and DELETE again, up to 12 times, when a connection closes
# without an answer, and has no option for it. One record must be one request, so this is off;
# the target's own count of requests is held against the record after every trial.
geventhttpclient.client._may_retry_after_send_error = lambda method: False  # noqa: ARG005, SLF001 - no public switch

SHARE_NAMED = 0.5
RETRIES = 2
PAUSE_S = 0.05


class ApiUser(FastHttpUser):
    """One client of one of the loads, at its pace."""

    network_timeout = 10.0
    connection_timeout = 10.0
    max_retries = 0
    max_redirects = 0

    def on_start(self) -> None:
        """Take a load, so that each has as many clients, and a number, which makes a random sequence of one's own."""
        self.load: Load = next(self.environment.loads)  # put there by whoever drives Locust
        self.api_client = Client(self, self.load, next(self.load.numbers))

    def wait_time(self) -> float:
        """Go on at once: pauses are the client's, which a turn that is over cuts short."""
        return 0.0

    def on_stop(self) -> None:
        """Record the requests that were intended and never sent."""
        self.api_client.note_overdue()

    @task
    def send(self) -> None:
        """Wait for a turn and send one request of it."""
        try:
            self.load.await_turn()
        except NoMoreTurns as over:
            raise StopUser from over
        if self.load.goes_on(self.api_client.due_in_s()) or self.api_client.is_behind():
            with self.load.in_flight():
                self.api_client.send()
                while self.api_client.is_behind():
                    self.api_client.send()


class Client:
    """One client of one load: its random sequence, its keys and its pace."""

    def __init__(self, user: ApiUser, load: Load, number: int) -> None:
        order = load.order
        self._user, self._load, self._number = user, load, number
        self._random = Random(f"{order.seed}/{number}")  # noqa: S311 - reproducible load, no secret
        self._names, self._weights = list(order.mix), list(order.mix.values())
        self._retries = order.shape.retries
        self._sent = self._turn = 0
        self._pacing = Pacing(None, self._random)
        load.at_end.append(self.note_overdue)

    def due_in_s(self) -> float:
        """Return the seconds until the next request; each turn begins with a pace of its own."""
        if self._load.turns != self._turn:
            self._turn = self._load.turns
            self._pacing = Pacing(self._load.order.shape.pace_s, self._random)
            return self._pacing.wait_s() or self._random.uniform(0, self._load.spread_s)
        return self._pacing.wait_s()

    def is_behind(self) -> bool:
        """Whether the turn is over and a request of it is still to be sent."""
        of_this_turn = self._load.catches_up and self._turn == self._load.turns
        return of_this_turn and self._pacing.is_due_before(self._load.stop_ns)

    def note_overdue(self) -> None:
        """Record the requests that were intended in this turn and never sent."""
        now_ns = time.monotonic_ns()
        # Locust's own page ends a load without saying when it was to end
        for intended_ns in self._pacing.overdue_ns(min(self._load.stop_ns, now_ns)):
            self._record(
                name="turn",
                intended_ns=intended_ns,
                started_ns=now_ns,
                ended_ns=now_ns,
                outcome=Outcome.UNSENT,
                error="its turn never came",
            )

    def send(self) -> None:
        """Send one request and record it."""
        name = self._random.choices(self._names, self._weights)[0]
        write = self._load.workload.writes.get(name)
        key = f"{self._load.order.key_prefix}{self._number:08x}{self._sent:016x}" if write else ""
        self._sent += 1
        named = bool(self._retries and write and write.retries and self._random.random() < SHARE_NAMED)
        request = self._load.workload.request(name, self._random, key, named=named)
        outcome = self._send_once(name, request, key, named=named)
        for _ in range(RETRIES if named else 0):
            if outcome is not Outcome.UNKNOWN:
                break
            gevent.sleep(PAUSE_S)
            outcome = self._send_once(name, request, key, named=named)
        if self._retries and outcome is not Outcome.OK:
            gevent.sleep(PAUSE_S)  # who is refused waits a little, as clients do

    def _send_once(self, name: str, request: Request, key: str, *, named: bool) -> Outcome:
        body = None if request.body is None else json.dumps(request.body)
        headers = dict(request.headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        started_ns = time.monotonic_ns()
        headers[SENT_HEADER] = str(started_ns)
        response = self._user.client.request(
            request.method, self._load.order.host + request.path, name=name, data=body, headers=headers
        )
        ended_ns = time.monotonic_ns()
        self._load.took_ns.append(ended_ns - started_ns)
        outcome, error = told(response)
        read = self._load.workload.sum_read
        kept = read is not None and name == read.operation and outcome is Outcome.OK
        self._record(
            name=name,
            key=key,
            intended_ns=self._pacing.intended_ns(started_ns),
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
        recorder = self._load.recorder
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
