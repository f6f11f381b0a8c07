"""Do requests that need no database wait much longer where another route calls the database synchronously?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit
from harness.model.measures import of_interval

FLAWED = "flaw:sync_driver"
NEAR, FAR = "the others at 0 ms", "the others at 20 ms"
RATIO = "with/without the call"
DEGRADED = 2.0  # times as long


def check_blocked_loop(claim: MeasuredClaim) -> Findings:
    """Hold the intervals at both distances against the margin."""
    near, far = (claim.interval(case, RATIO) for case in (NEAR, FAR))
    line = claim.fact(f"{FLAWED} at 20 ms", "line")
    if far.low is None or far.high is None or (far.low < DEGRADED <= far.high):
        said = ClaimVerdict.UNDECIDED
    elif far.high < DEGRADED:
        said = ClaimVerdict.DOES_NOT_HOLD
    else:
        said = ClaimVerdict.HOLDS if near.low is not None and near.low >= DEGRADED else ClaimVerdict.WITHIN_LIMITS
    values = of_interval("far", far) | of_interval("near", near) | in_unit("times as long", limit=DEGRADED)
    late_ms = claim.value(f"{FLAWED} at 20 ms", "loop late by at most")
    yield answered(claim, said, values | in_unit("ms", late=late_ms), line=line)
