"""Clients that send one operation at a time and say what came of it: for cuts and faults, where each request counts."""

from __future__ import annotations

import http.client
import itertools
import json
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from harness.model.evidence import Op
from harness.model.outcome import Outcome
from harness.provision.http_connection import Connection
from scenarios.operations import OPERATIONS, SENT_HEADER, Request, holders_of
from scenarios.outcomes import outcome_of

CONNECT_TIMEOUT_S = 5.0


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
    """Keeps one HTTP connection to a target, and sends nothing twice."""

    def __init__(self, url: str, timeout_s: float) -> None:
        parts = urlsplit(url)
        self._connection = Connection(parts.hostname or "", parts.port or 80, timeout_s)

    def __enter__(self) -> Self:
        """Connect at the first request."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self._connection.close()

    def send(self, operation: str, key: str, seed: int = 0, headers: dict[str, str] | None = None) -> Answer:
        """Send one operation under a write key; ``seed`` chooses what it is about."""
        request = OPERATIONS[operation](Random(seed), key)  # noqa: S311 - a request to be repeated, no secret
        return self._ask(request, {"Write-Key": key, **(headers or {})} if key else {})

    def get(self, path: str) -> Answer:
        """Read what is at a path."""
        return self._ask(Request(method="GET", path=path), {})

    def _ask(self, request: Request, headers: dict[str, str]) -> Answer:
        began_s = time.monotonic()
        try:
            self._connection.open()
        except OSError as error:
            return _unanswered(Outcome.UNSENT, error, request, began_s)
        try:
            return self._exchange(request, {**headers, SENT_HEADER: str(time.monotonic_ns())}, began_s)
        except OSError as error:
            return _unanswered(Outcome.UNKNOWN, error, request, began_s)

    def _exchange(self, request: Request, headers: dict[str, str], began_s: float) -> Answer:
        body = b"" if request.body is None else json.dumps(request.body).encode()
        if body:
            headers = {**headers, "Content-Type": "application/json"}
        reply = self._connection.ask(request.method, request.path, body, headers)
        said = reply.body.decode("utf-8", "replace")
        outcome = outcome_of(reply.status, retry_after="retry-after" in reply.headers)
        return Answer(
            outcome=outcome,
            status=reply.status,
            error="" if outcome is Outcome.OK else said[:200],
            body=said,
            took_s=time.monotonic() - began_s,
            asked=str(request),
        )


class Sending:
    """One write on a connection of its own, sent and read as slowly and as incompletely as its user likes.

    Keeps the record of a client: ``op`` says what it was told in the end.
    """

    def __init__(self, url: str, operation: str, key: str, *, seed: int, named: bool) -> None:
        parts = urlsplit(url)
        self.key = key
        self._operation, self._named = operation, named
        request = OPERATIONS[operation](Random(seed), key)  # noqa: S311 - a request to be repeated, no secret
        self._asked = str(request)
        body = json.dumps(request.body).encode()
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Write-Key": key,
            **({"Idempotency-Key": key} if named else {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._left = f"{request.method} {request.path} HTTP/1.1\r\n{head}\r\n".encode() + body
        self.length_bytes = len(self._left)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=CONNECT_TIMEOUT_S)
        self._began_ns = time.monotonic_ns()
        self._ended_ns = 0
        self._told: tuple[Outcome, int, str] | None = None

    def send(self, count: int | None = None) -> None:
        """Send so many bytes more, or all that are left; a connection that is gone takes none."""
        part, self._left = (self._left, b"") if count is None else (self._left[:count], self._left[count:])
        with suppress(OSError):
            self._socket.sendall(part)

    def answer(self, timeout_s: float, pause_s: float = 0.0) -> int:
        """Read the answer, with a pause before each byte, and return its status; 0 if none came."""
        self._socket.settimeout(timeout_s)
        response = http.client.HTTPResponse(self._socket)
        try:
            response.begin()
            while pause_s and response.read(1):
                time.sleep(pause_s)
            text = response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            self._end(Outcome.UNKNOWN, 0, f"{type(error).__name__}: {error}")
            return 0
        outcome = outcome_of(response.status, retry_after="retry-after" in response.headers)
        self._end(outcome, response.status, "" if outcome is Outcome.OK else text[:200])
        return response.status

    def hang_up(self) -> None:
        """Close the connection; without an answer its client knows nothing, unless it never said all."""
        self._end(Outcome.UNSENT if self._left else Outcome.UNKNOWN, 0, "its client hung up")

    def _end(self, outcome: Outcome, status: int, error: str) -> None:
        self._socket.close()
        if self._told is None:
            self._told, self._ended_ns = (outcome, status, error), time.monotonic_ns()

    def op(self, number: int) -> Op:
        """Return the record; one that was neither answered nor hung up on is hung up on now."""
        self.hang_up()
        outcome, status, error = self._told or (Outcome.UNKNOWN, 0, "")
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


def seeds_apart(operations: Sequence[str]) -> Iterator[int]:
    """Yield seeds whose writes lock different users, so that a client whose write is held up holds up no other."""
    taken: set[int] = set()
    for number in itertools.count():
        made = [OPERATIONS[operation](Random(number), "") for operation in operations]  # noqa: S311 - no secret
        users = {user for request in made for user in holders_of(request)}
        if not users & taken:
            taken |= users
            yield number


def _unanswered(outcome: Outcome, error: Exception, request: Request, began_s: float) -> Answer:
    text = f"{type(error).__name__}: {error}"
    took_s = time.monotonic() - began_s
    return Answer(outcome=outcome, status=0, error=text, body="", took_s=took_s, asked=str(request))
