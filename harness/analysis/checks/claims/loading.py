"""Does selectinload send a second SELECT and joinedload none, and does it depend which of them is faster?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit

PROMISED = {"selectin": 2, "joined": 1}
LEAST_PAGES = 2  # in which a strategy is faster: of 18 intervals one may say so by chance


def check_loading(claim: MeasuredClaim) -> Findings:
    """Count statements by strategy, and the pages in which either is faster."""
    broken = [
        one.case
        for one in claim.cases
        for name, count in PROMISED.items()
        if one.readings[f"statements by {name}"].value != count
    ]
    uncounted = [one for one in claim.cases if one.readings["statements by lazy"].value != 1 + _users(claim, one.case)]
    ratios = {one.case: one.readings["selectin/joined"].interval for one in claim.cases}
    joined = [case for case, ratio in ratios.items() if ratio.low is not None and ratio.low > 1]
    selectin = [case for case, ratio in ratios.items() if ratio.high is not None and ratio.high < 1]
    if uncounted or not claim.cases:
        said = ClaimVerdict.CONTROL_FAILED
    elif broken:
        said = ClaimVerdict.DOES_NOT_HOLD
    elif max(len(joined), len(selectin)) < LEAST_PAGES:
        said = ClaimVerdict.UNDECIDED
    else:
        both = min(len(joined), len(selectin)) >= LEAST_PAGES
        said = ClaimVerdict.HOLDS if both else ClaimVerdict.WITHIN_LIMITS
    values = in_unit("pages", pages=len(ratios), joined=len(joined), selectin=len(selectin), broken=len(broken))
    yield answered(
        claim,
        said,
        values,
        joined_first=joined[0] if joined else "",
        selectin_first=selectin[0] if selectin else "",
        always="joinedload" if len(joined) > len(selectin) else "selectinload",
        broken=", ".join(broken),
    )


def _users(claim: MeasuredClaim, case: str) -> float:
    return claim.value(case, "users")
