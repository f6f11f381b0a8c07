"""Outcomes, which clients know of their requests, and verdicts, which checks return."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What a client knows of one request when it stops waiting."""

    OK = "ok"  # a 2xx was read to its end
    FAIL = "fail"  # a definite refusal: 4xx, or 503 sent before anything reached the database
    UNKNOWN = "unknown"  # 5xx, timeout or reset: the work may or may not have been done
    UNSENT = "unsent"  # never left the client: connection refused, or its turn never came


class Verdict(StrEnum):
    """What a check says of the evidence."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    UNDECIDED = "undecided"


def outcome_of(status: int, *, retry_after: bool) -> Outcome:
    """Return what a client knows of its request from an answer's status.

    2xx: it was done. 4xx, and a 503 with ``Retry-After``, are the application's word that nothing was stored.
    Any other answer leaves the client not knowing.
    """
    if 200 <= status < 300:  # noqa: PLR2004 - the classes of RFC 9110
        return Outcome.OK
    refused = status == 503 and retry_after  # noqa: PLR2004 - RFC 9110
    return Outcome.FAIL if refused or 400 <= status < 500 else Outcome.UNKNOWN  # noqa: PLR2004 - RFC 9110
