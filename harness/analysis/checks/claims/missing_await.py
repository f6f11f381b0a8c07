"""Does a request with a missing await succeed all the same, and store nothing?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit

SOUND, FLAWED = "async", "flaw:missing_await"
SUCCESS = "201"


def check_missing_await(claim: MeasuredClaim) -> Findings:
    """Compare the answer with what is stored."""
    stored, status = claim.value(FLAWED, "stored"), claim.fact(FLAWED, "status")
    if claim.fact(SOUND, "status") != SUCCESS or not claim.value(SOUND, "stored"):
        said = ClaimVerdict.CONTROL_FAILED
    elif status != SUCCESS:
        said = ClaimVerdict.DOES_NOT_HOLD
    else:
        said = ClaimVerdict.UNDECIDED if stored else ClaimVerdict.HOLDS
    values = in_unit("rows", stored=stored) | in_unit("lines", warnings=claim.value(FLAWED, "warnings"))
    yield answered(claim, said, values, status=status)
