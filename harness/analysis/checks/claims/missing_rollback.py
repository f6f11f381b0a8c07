"""Is a write that fails left in parts without a rollback, and never with one?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit

ERRORS = ("application", "database")


def check_missing_rollback(claim: MeasuredClaim) -> Findings:
    """Compare what is left with and without a rollback, by where the error comes from."""

    def count(case: str, error: str, *names: str) -> float:
        return sum(abs(claim.value(f"{case}, error of the {error}", name)) for name in names)

    kept = sum(count("rollback", error, "rows left", "credits lost", "refused afterwards") for error in ERRORS)
    parts = {error: count("no rollback", error, "rows left", "credits lost") for error in ERRORS}
    refused = {error: count("no rollback", error, "refused afterwards") for error in ERRORS}
    if kept:
        said = ClaimVerdict.DOES_NOT_HOLD
    elif all(parts.values()):
        said = ClaimVerdict.HOLDS
    elif any(parts.values()) or any(refused.values()):
        said = ClaimVerdict.WITHIN_LIMITS
    else:
        said = ClaimVerdict.DOES_NOT_HOLD
    values = in_unit(
        "rows, credits or requests",
        kept=kept,
        **{f"parts_{error}": parts[error] for error in ERRORS},
        **{f"refused_{error}": refused[error] for error in ERRORS},
    )
    partly = " and ".join(error for error in ERRORS if parts[error])
    yield answered(claim, said, values, partly=partly or "neither")
