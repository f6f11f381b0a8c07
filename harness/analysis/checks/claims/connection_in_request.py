"""Is a connection taken with a session's first statement, and given back with the end of its transaction?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit

# Connections taken at each step of a request that commits, by the claim.
BY_THE_CLAIM = {
    "session opened": 0,
    "after a statement": 1,
    "after another": 1,
    "after the commit": 0,
    "session closed": 0,
}
IDLE, BUSY = "sessions that sent nothing", "sessions in a transaction"


def check_connection_in_request(claim: MeasuredClaim) -> Findings:
    """Compare the steps of a request with the claim, and sessions with the pool."""
    wrong = [step for step, taken in BY_THE_CLAIM.items() if claim.value(f"write: {step}", "taken") != taken]
    pool, idle, busy = claim.value(BUSY, "pool"), claim.value(IDLE, "open at once"), claim.value(BUSY, "open at once")
    kept = claim.value("read: answer sent", "taken")
    if busy > pool:
        said = ClaimVerdict.CONTROL_FAILED  # a pool without a limit tells nothing
    elif wrong or idle <= pool:
        said = ClaimVerdict.DOES_NOT_HOLD
    else:
        said = ClaimVerdict.WITHIN_LIMITS if kept else ClaimVerdict.HOLDS
    values = (
        in_unit("connections", pool=pool, kept=kept)
        | in_unit("connections", closed_first=claim.value("read-before-answer: answer sent", "taken"))
        | in_unit("sessions", idle=idle, busy=busy)
    )
    yield answered(claim, said, values, steps=", ".join(wrong))
