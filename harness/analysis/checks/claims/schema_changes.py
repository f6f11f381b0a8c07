"""Do schema changes under load leave every row right, and every request served in time?"""

from __future__ import annotations

from collections.abc import Callable

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import CaseReadings, ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit

LONG_S = 1.0  # what the transaction in the way of a change takes
WAYS: dict[str, Callable[[str], bool]] = {
    "alone": lambda case: not case.endswith((":queued", ":retried")),
    "queued": lambda case: case.endswith(":queued"),
    "retried": lambda case: case.endswith(":retried"),
}


def check_schema_changes(claim: MeasuredClaim) -> Findings:
    """Add up wrong rows and failed requests, and find the longest request, by the way the change came."""

    def told(one: CaseReadings, name: str) -> float:
        return one.readings[name].value

    cases = claim.cases
    wrong = [one.case for one in cases if told(one, "checks of rows that failed")]
    by_way = {way: [one for one in cases if is_of(one.case)] for way, is_of in WAYS.items()}
    errors = {way: sum(told(one, "requests failed") for one in own) for way, own in by_way.items()}
    longest = {way: max((told(one, "longest request") for one in own), default=0.0) for way, own in by_way.items()}
    if wrong:
        said = ClaimVerdict.DOES_NOT_HOLD
    elif not cases or not all(told(one, "proven") for one in cases):
        said = ClaimVerdict.UNDECIDED
    else:
        limited = any(errors.values()) or max(longest.values()) >= LONG_S
        said = ClaimVerdict.WITHIN_LIMITS if limited else ClaimVerdict.HOLDS
    values = (
        in_unit("trials", trials=len(cases), wrong=len(wrong))
        | in_unit("requests", **{f"errors_{way}": count for way, count in errors.items()})
        | in_unit("s", limit=LONG_S, **{f"longest_{way}": longest_s for way, longest_s in longest.items()})
    )
    yield answered(claim, said, values, wrong_in=", ".join(wrong))
