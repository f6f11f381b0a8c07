"""Do autogenerate, upgrade and downgrade leave data and schema as they should?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit

NEXT = "add_column users nickname"
STEPS = ("after the upgrade", "after the downgrade", "after the second upgrade")


def check_alembic_round_trip(claim: MeasuredClaim) -> Findings:
    """Compare what was proposed, the rows after each step, and the schema after the downgrade."""
    changed = sum(claim.value(step, "rows") - claim.value(step, "rows kept") for step in STEPS)
    differs = claim.value("after the downgrade", "schema differs")
    lost = claim.value("data of the column", "written") - claim.value("data of the column", "back")
    proposed, renamed = (claim.fact(f"a {kind} column", "proposed") for kind in ("new", "renamed"))
    done = proposed == NEXT and not changed and not differs and not claim.value("in the end", "operations")
    if claim.value(STEPS[0], "schema differs") == 0 or claim.value(STEPS[0], "rows") == 0:
        said = ClaimVerdict.CONTROL_FAILED  # nothing was changed, or there was nothing to lose
    elif not done:
        said = ClaimVerdict.DOES_NOT_HOLD
    else:
        said = ClaimVerdict.WITHIN_LIMITS if lost or "drop_column" in renamed else ClaimVerdict.HOLDS
    values = (
        in_unit("rows", rows=claim.value(STEPS[0], "rows"), changed=changed, lost=lost)
        | in_unit("parts of the schema", differs=differs)
        | in_unit("operations", proposed=claim.value("a new column", "operations"))
    )
    yield answered(claim, said, values, proposed=proposed, renamed=renamed)
