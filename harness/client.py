"""One client that sends one operation at a time and says what came of it: for cuts, where each request counts."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from harness.model import Outcome
from scenarios.operations import OPERATIONS, Request
from scenarios.outcomes import outcome_of


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the client was told. ``status`` is 0 where no answer came, and ``error`` then says why."""

    outcome: Outcome
    status: int
    error: str
    body: str
    took_s: float


class Client:
    """Keeps one HTTP connection to a target, and sends nothing twice."""

    def __init__(self, url: str, timeout_s: float) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)

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
        began_s = time.monotonic()
        try:
            if self._connection.sock is None:
                self._connection.connect()
        except OSError as error:
            return _unanswered(Outcome.UNSENT, error, began_s)
        try:
            return self._exchange(request, {"Write-Key": key, **(headers or {})} if key else {}, began_s)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return _unanswered(Outcome.UNKNOWN, error, began_s)

    def _exchange(self, request: Request, headers: dict[str, str], began_s: float) -> Answer:
        body = None if request.body is None else json.dumps(request.body)
        if body is not None:
            headers = {**headers, "Content-Type": "application/json"}
        self._connection.request(request.method, request.path, body=body, headers=headers)
        response = self._connection.getresponse()
        said = response.read().decode("utf-8", "replace")
        outcome = outcome_of(response.status, retry_after="retry-after" in response.headers)
        return Answer(
            outcome=outcome,
            status=response.status,
            error="" if outcome is Outcome.OK else said[:200],
            body=said,
            took_s=time.monotonic() - began_s,
        )


def _unanswered(outcome: Outcome, error: Exception, began_s: float) -> Answer:
    text = f"{type(error).__name__}: {error}"
    return Answer(outcome=outcome, status=0, error=text, body="", took_s=time.monotonic() - began_s)
