"""Is a row unreadable after its commit in async code, unless expire_on_commit is off?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit

DEFAULT, OFF = "async", "async, expire_on_commit=False"
OTHER_WAYS = {"async, refreshed first": "a refresh before it", "async, awaitable_attrs": "awaitable_attrs"}
NO_ERROR = "none"


def check_expire_on_commit(claim: MeasuredClaim) -> Findings:
    """Compare the default with the setting and with other ways to read."""
    error = claim.fact(DEFAULT, "error")
    ways = [case for case in OTHER_WAYS if claim.fact(case, "error") == NO_ERROR]
    if claim.fact(OFF, "error") != NO_ERROR:
        said = ClaimVerdict.CONTROL_FAILED
    elif error == NO_ERROR:
        said = ClaimVerdict.DOES_NOT_HOLD
    else:
        said = ClaimVerdict.WITHIN_LIMITS if ways else ClaimVerdict.HOLDS
    values = in_unit("ways", other_ways=len(ways)) | in_unit("statements", sync=claim.value("sync", "statements"))
    yield answered(claim, said, values, error=error, ways=" or ".join(OTHER_WAYS[way] for way in ways))
