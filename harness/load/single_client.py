"""Clients that send one operation at a time and return what came of it: for cuts and faults."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from harness.model.request_record import Op, Outcome, outcome_of
from harness.model.workload import SENT_HEADER, Request, Workload
from harness.provision.http_connection import Connection, Reply

PATIENT_S = 8.0  # what clients of faults wait for an answer: longer than any request may take
_CHUNK_BYTES = 65536


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the client was told of what it ``asked``. Where no answer came ``status`` is 0, and ``error`` says why."""

    outcome: Outcome
    status: int
    error: str
    body: str
    took_s: float
    asked: str


class Client:
    """Keeps one HTTP connection to a target, and sends nothing twice.

    After a 5xx the next request has a connection of its own. Where an application raises, Starlette answers and raises
    on, and uvicorn then closes the connection that it has just answered on, without having said so: what is sent
    meanwhile is lost, and the application never asked.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        self._connection = Connection(url, timeout_s)

    def __enter__(self) -> Self:
        """Connect at the first request."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the connection."""
        self._connection.close()

    def get(self, path: str) -> Answer:
        """Read what is at a path."""
        return self.send(Request(method="GET", path=path))

    def send(self, request: Request) -> Answer:
        """Send a request, and return what came of it."""
        began_s = time.monotonic()
        outcome, status, error, body = Outcome.UNSENT, 0, "", ""
        try:
            self._connection.open()
            outcome = Outcome.UNKNOWN
            headers = {**_headers(request), SENT_HEADER: str(time.monotonic_ns())}
            reply = self._connection.ask(request.method, request.path, _body(request), headers)
            body = reply.text
            outcome, status, error = _told(reply)
            if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                self._connection.close()
        except OSError as failed:
            error = _said(failed)
        took_s = time.monotonic() - began_s
        return Answer(outcome=outcome, status=status, error=error, body=body, took_s=took_s, asked=str(request))


class Sending:
    """One write on a connection of its own, sent and read as slowly and as incompletely as its user likes.

    Keeps the record of a client: ``op`` says what it was told in the end.
    """

    def __init__(self, url: str, workload: Workload, operation: str, key: str, *, seed: int, named: bool) -> None:
        request = workload.request(operation, seed, key, named=named)
        self.key = key
        self._operation, self._named, self._asked = operation, named, str(request)
        self._connection = Connection(url, PATIENT_S)
        self._left = self._connection.message(request.method, request.path, _body(request), _headers(request))
        self.length_bytes = len(self._left)
        self._connection.open()
        self._began_ns = time.monotonic_ns()
        self._ended_ns = 0
        self._answer: tuple[Outcome, int, str] | None = None

    def send(self, count: int | None = None) -> None:
        """Send so many bytes more, or all that are left; a connection that is gone takes none."""
        part, self._left = self._left[:count], b"" if count is None else self._left[count:]
        with suppress(OSError):
            self._connection.send(part)

    def answer(self, pause_s: float = 0.0) -> int:
        """Read the answer, with a pause before each byte if there is to be one; return its status, 0 if none came."""
        try:
            while (reply := self._connection.receive(1 if pause_s else _CHUNK_BYTES)) is None:
                time.sleep(pause_s)
        except OSError as error:
            self._end(Outcome.UNKNOWN, 0, _said(error))
            return 0
        self._end(*_told(reply))
        return reply.status

    def hang_up(self) -> None:
        """Close the connection; without an answer its client knows nothing, unless it never said all."""
        self._end(Outcome.UNSENT if self._left else Outcome.UNKNOWN, 0, "its client hung up")

    def _end(self, outcome: Outcome, status: int, error: str) -> None:
        self._connection.close()
        if self._answer is None:
            self._answer, self._ended_ns = (outcome, status, error), time.monotonic_ns()

    def op(self, number: int) -> Op:
        """Return the record; one that was neither answered nor hung up on is hung up on now."""
        self.hang_up()
        outcome, status, error = self._answer or (Outcome.UNKNOWN, 0, "")
        return Op(
            id=number,
            name=self._operation,
            key=self.key,
            intended_ns=self._began_ns,
            started_ns=self._began_ns,
            ended_ns=self._ended_ns,
            outcome=outcome,
            status=status,
            error=error,
            named=self._named,
            asked=self._asked,
        )


def seeds_apart(workload: Workload, operations: Sequence[str]) -> Iterator[int]:
    """Yield seeds whose writes lock different rows, so that a client whose write is held up holds up no other."""
    taken: set[object] = set()
    for number in itertools.count():
        made = [workload.request(operation, number) for operation in operations]
        rows = {row for request in made for row in workload.locks(request)}
        if not rows & taken:
            taken |= rows
            yield number


def _body(request: Request) -> bytes:
    return b"" if request.body is None else json.dumps(request.body).encode()


def _headers(request: Request) -> dict[str, str]:
    return {**request.headers, **({} if request.body is None else {"Content-Type": "application/json"})}


def _told(reply: Reply) -> tuple[Outcome, int, str]:
    """Return what came of a request, its status, and what was wrong with it."""
    outcome = outcome_of(reply.status, retry_after="retry-after" in reply.headers)
    return outcome, reply.status, "" if outcome is Outcome.OK else reply.text[:200]


def _said(error: OSError) -> str:
    return f"{type(error).__name__}: {error}"
