"""What a client knows of a request, and what a check says of the evidence."""

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
