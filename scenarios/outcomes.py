"""What an answer tells a client about its write: one rule for every load generator."""

from __future__ import annotations

from harness.model.outcome import Outcome


def outcome_of(status: int, *, retry_after: bool) -> Outcome:
    """Say what a client knows from an answer's status.

    2xx: it was done. 4xx, and a 503 with ``Retry-After``, are the API's word that nothing was stored.
    Any other answer leaves the client not knowing.
    """
    if 200 <= status < 300:  # noqa: PLR2004 - the classes of RFC 9110
        return Outcome.OK
    refused = status == 503 and retry_after  # noqa: PLR2004 - RFC 9110
    return Outcome.FAIL if refused or 400 <= status < 500 else Outcome.UNKNOWN  # noqa: PLR2004 - RFC 9110
