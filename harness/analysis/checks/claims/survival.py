"""Is no write halved or lost in a sample of cuts and faults, and does every check of a fault pass?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit

TWINS = ("async", "sync")


def check_survival(claim: MeasuredClaim) -> Findings:
    """Count offences of cuts and checks that failed, twin by twin."""
    own = {twin: [one for one in claim.cases if one.case.startswith(f"{twin}, ")] for twin in TWINS}

    def total(twin: str, name: str) -> float:
        return sum(one.readings[name].value for one in own[twin] if name in one.readings)

    hurt = [twin for twin in TWINS if total(twin, "offences") or total(twin, "failed")]
    faults = sum("failed" in one.readings for one in claim.cases)
    undecided = sum(total(twin, "undecided") for twin in TWINS)
    if hurt:
        said = ClaimVerdict.DOES_NOT_HOLD if len(hurt) == len(TWINS) else ClaimVerdict.WITHIN_LIMITS
    elif undecided or not faults or not all(total(twin, "made") for twin in TWINS):
        said = ClaimVerdict.UNDECIDED
    else:
        said = ClaimVerdict.HOLDS
    values = in_unit(
        "cuts",
        cuts=sum(total(twin, "made") for twin in TWINS),
        offences=sum(total(twin, "offences") for twin in TWINS),
    ) | in_unit("trials", faults=faults)
    failed = in_unit("checks", failed=sum(total(twin, "failed") for twin in TWINS), undecided=undecided)
    yield answered(claim, said, values | failed, hurt=", ".join(hurt))
