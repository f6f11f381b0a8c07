"""The answer of a run that puts claims to the test, in sentences."""

from __future__ import annotations

from collections import Counter

from harness.model.claims import ClaimVerdict
from harness.model.summary import Summary
from harness.report.words import listing

SAID = {
    ClaimVerdict.HOLDS: ("holds", "hold"),
    ClaimVerdict.WITHIN_LIMITS: ("holds within limits", "hold within limits"),
    ClaimVerdict.DOES_NOT_HOLD: ("does not hold", "do not hold"),
}


def claims_headline(summary: Summary) -> str:
    """Count the claims by their verdicts."""
    names = {claim.claim.name for claim in summary.claims}
    codes = Counter(finding.code for finding in summary.findings if finding.check in names)
    told = [f"{codes[code]} {forms[codes[code] > 1]}" for code, forms in SAID.items() if codes[code]]
    left = len(names) - sum(codes[code] for code in SAID)
    told += [f"{left} {'are' if left > 1 else 'is'} undecided"] if left else []
    return f"Of {len(names)} {'claims' if len(names) > 1 else 'claim'} {listing(told)}." if told else "No claim."


def claims_answers(_summary: Summary) -> tuple[str, ...]:
    """Return nothing: the table of claims is the answer."""
    return ()
