"""Does none of the five common mistakes show in one request alone, and each under load?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit


def check_common_mistakes(claim: MeasuredClaim) -> Findings:
    """Count the mistakes that one request shows, and those that load does."""
    mistakes = [one.case for one in claim.cases]
    silent = [case for case in mistakes if claim.value(case, "succeeded alone")]
    missed = [case for case in mistakes if not claim.value(case, "caught under load")]
    if missed or not mistakes or not all(claim.value(case, "of the twin") for case in mistakes):
        said = ClaimVerdict.CONTROL_FAILED
    elif len(silent) == len(mistakes):
        said = ClaimVerdict.HOLDS
    else:
        said = ClaimVerdict.WITHIN_LIMITS if silent else ClaimVerdict.DOES_NOT_HOLD
    loud = [case for case in mistakes if case not in silent]
    values = in_unit("mistakes", mistakes=len(mistakes), silent=len(silent), caught=len(mistakes) - len(missed))
    yield answered(claim, said, values, loud=", ".join(loud), missed=", ".join(missed))
