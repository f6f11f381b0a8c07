"""Does Alembic miss the changes of models that env.py does not import?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit


def check_alembic_imports(claim: MeasuredClaim) -> Findings:
    """Compare what is proposed with a model imported and without."""
    known = claim.value("a new model, imported", "tables made")
    unknown = claim.value("a new model, not imported", "tables made")
    if claim.value("all imported", "operations") or not known:
        said = ClaimVerdict.CONTROL_FAILED
    else:
        said = ClaimVerdict.DOES_NOT_HOLD if unknown else ClaimVerdict.HOLDS
    applied = "its revision applied"
    values = in_unit(
        "tables",
        dropped=claim.value("one not imported", "tables dropped"),
        all_dropped=claim.value("nothing but the base imported", "tables dropped"),
    ) | in_unit("rows", lost=claim.value(applied, "before") - claim.value(applied, "after"))
    yield answered(claim, said, values, proposed=claim.fact("one not imported", "proposed"))
