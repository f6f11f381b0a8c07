"""The finding of a claim: its verdict as a code, the numbers that it rests on, and the versions that it holds for."""

from __future__ import annotations

from collections.abc import Mapping

from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Finding, Quantity, known_facts
from harness.model.verdict import Verdict

# A claim that does not hold is an answer, and as good as any other; only a control that fails is a failure.
VERDICTS = {ClaimVerdict.UNDECIDED: Verdict.UNDECIDED, ClaimVerdict.CONTROL_FAILED: Verdict.FAIL}


def answered(claim: MeasuredClaim, said: ClaimVerdict, values: Mapping[str, Quantity], **facts: str) -> Finding:
    """Return what is said of a claim."""
    versions = ", ".join(f"{name} {version}" for name, version in claim.versions.items())
    return Finding(
        check=claim.claim.name,
        verdict=VERDICTS.get(said, Verdict.PASS),
        code=said,
        values=values,
        facts=known_facts(versions=versions, **facts),
    )
