"""One client request, and what its client knows of it in the end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a client knows of one request when it stops waiting."""

    OK = "ok"  # a 2xx was read to its end
    FAIL = "fail"  # a definite refusal: 4xx, or 503 sent before anything reached the database
    UNKNOWN = "unknown"  # 5xx, timeout or reset: the work may or may not have been done
    UNSENT = "unsent"  # never left the client: connection refused, or its turn never came


@dataclass(frozen=True, kw_only=True, slots=True)
class Op:
    """One client request. ``key`` is empty unless it writes; ``status`` is 0 where no answer came.

    ``named`` says whether it carried a retry key, and ``said`` is the answer where a check reads it.
    ``asked`` is what a write asked for: method, path and body.
    """

    id: int
    name: str
    key: str
    intended_ns: int
    started_ns: int
    ended_ns: int
    outcome: Outcome
    status: int
    error: str
    named: bool = False
    said: str = ""
    asked: str = ""

    @property
    def took_ms(self) -> float:
        """Milliseconds from when it was sent to when its client stopped waiting."""
        return (self.ended_ns - self.started_ns) / 1e6


def outcome_of(status: int, *, retry_after: bool) -> Outcome:
    """Return what a client knows of its request from an answer's status.

    2xx: it was done. 4xx, and a 503 with ``Retry-After``, are the application's word that nothing was stored.
    Any other answer leaves the client not knowing.
    """
    if 200 <= status < 300:  # noqa: PLR2004 - the classes of RFC 9110
        return Outcome.OK
    refused = status == 503 and retry_after  # noqa: PLR2004 - RFC 9110
    return Outcome.FAIL if refused or 400 <= status < 500 else Outcome.UNKNOWN  # noqa: PLR2004 - RFC 9110
