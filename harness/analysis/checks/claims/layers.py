"""Do layers take more than a little of a request's processor time?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit
from harness.model.measures import of_interval

MATTERS = 1.05  # times as much processor time a request


def check_layers(claim: MeasuredClaim) -> Findings:
    """Hold the interval against the margin."""
    ratio = claim.interval("a request", "with/without")
    if claim.fact("answers", "answers") != "the same":
        said = ClaimVerdict.CONTROL_FAILED
    elif ratio.high is not None and ratio.high < MATTERS:
        said = ClaimVerdict.HOLDS
    else:
        above = ratio.low is not None and ratio.low > MATTERS
        said = ClaimVerdict.DOES_NOT_HOLD if above else ClaimVerdict.UNDECIDED
    values = of_interval("ratio", ratio) | in_unit("share", limit=MATTERS)
    yield answered(claim, said, values | in_unit("ms", took=claim.value("a request", "with layers")))
