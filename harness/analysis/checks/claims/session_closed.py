"""Does a session by dependency give its connection back when a request fails, and one by hand not?"""

from __future__ import annotations

from harness.analysis.checks.claims.finding import answered
from harness.model.claims import ClaimVerdict, MeasuredClaim
from harness.model.findings import Findings, in_unit

MODELS = ("async", "sync")
SERVED = "201"


def check_session_closed(claim: MeasuredClaim) -> Findings:
    """Compare what is left of failed requests with a dependency and by hand."""
    by_hand = [f"{model}, by hand" for model in MODELS]
    dependency = [f"{model}, dependency" for model in MODELS]
    kept, thrown = (
        {case: claim.value(case, name) for case in (*by_hand, *dependency)} for name in ("left at most", "opened anew")
    )
    refused = [case for case in by_hand if claim.fact(case, "last request") != SERVED]
    if any(kept[case] or claim.fact(case, "last request") != SERVED for case in dependency):
        said = ClaimVerdict.DOES_NOT_HOLD
    elif refused or any(kept[case] for case in by_hand):
        said = ClaimVerdict.HOLDS
    else:
        said = ClaimVerdict.WITHIN_LIMITS if any(thrown[case] for case in by_hand) else ClaimVerdict.DOES_NOT_HOLD
    values = in_unit(
        "connections",
        by_dependency=sum(kept[case] for case in dependency),
        **{f"{model}_left": kept[f"{model}, by hand"] for model in MODELS},
        **{f"{model}_later": claim.value(f"{model}, by hand", "left after 1,000 more") for model in MODELS},
        **{f"{model}_thrown": thrown[f"{model}, by hand"] for model in MODELS},
    )
    yield answered(claim, said, values, refused=" and ".join(refused))
