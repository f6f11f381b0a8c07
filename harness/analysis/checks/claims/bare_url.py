"""Does a URL without asyncpg raise nothing, and hold the event loop up?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit

BARE, PSYCOPG2, ASYNCPG = "postgresql://", "postgresql+psycopg2://", "postgresql+asyncpg://"
CONTROL = "a synchronous engine in a coroutine"
PAUSE = "longest pause of the loop"
MOST_PAUSED_MS = 200.0  # half of what the statement takes


def check_bare_url(claim: MeasuredClaim) -> Findings:
    """Compare errors and pauses by driver."""
    pauses = {one.case: one.readings[PAUSE].value for one in claim.cases if PAUSE in one.readings}
    blocking = [case for case, pause in pauses.items() if pause > MOST_PAUSED_MS]
    if CONTROL not in blocking:
        said = ClaimVerdict.CONTROL_FAILED
    elif ASYNCPG in blocking:
        said = ClaimVerdict.UNDECIDED
    elif BARE in blocking:
        said = ClaimVerdict.HOLDS
    else:
        said = ClaimVerdict.WITHIN_LIMITS if PSYCOPG2 in blocking else ClaimVerdict.DOES_NOT_HOLD
    known = {"bare": pauses.get(BARE), "asyncpg": pauses.get(ASYNCPG), "control": pauses.get(CONTROL)}
    values = in_unit("ms", limit=MOST_PAUSED_MS, **{name: one for name, one in known.items() if one is not None})
    facts = {"error": claim.fact(PSYCOPG2, "error"), "bare_error": claim.fact(BARE, "error")}
    yield answered(claim, said, values, driver=claim.fact(BARE, "driver"), **facts)
