"""How much of a target's processor time goes to full garbage collections, which look through all that there is?

A service holds some 80,000 objects before it has served anything. Each full collection looks through all of them, finds
nothing, and lets every request wait meanwhile; ``gc.freeze()`` after the start leaves them out.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.model.findings import Finding, in_unit
from harness.model.measures import TargetGarbage, of_interval
from harness.model.verdict import Verdict

MOST_FULL = 0.05  # of the target's processor time, in full collections


def check_garbage(collected: TargetGarbage) -> Iterator[Finding]:
    """Fail a target of which a whole interval of the share of full collections lies beyond the bound, in any row."""
    known = [one for one in collected.rows if one.full.low is not None]
    if not known:
        yield Finding(
            check="garbage",
            verdict=Verdict.UNDECIDED,
            code="too_few_blocks",
            facts={"target": collected.target},
            count=1,
            subject=collected.target,
        )
        return
    worst = max(known, key=lambda one: (one.full.low or 0.0, one.full.value))
    bad = [one for one in known if (one.full.low or 0.0) > MOST_FULL]
    yield Finding(
        check="garbage",
        verdict=Verdict.FAIL if bad else Verdict.PASS,
        code="full_collections" if bad else "little_garbage",
        values={
            **of_interval("full", worst.full),
            **in_unit("share", all=worst.all.value, most=MOST_FULL),
            **in_unit("ms", added=worst.added_ms),
            **(in_unit("ms", each=worst.full_ms) if worst.full_ms else {}),
            **(in_unit("requests", every=worst.requests_each) if worst.full_ms else {}),
        },
        facts={"target": collected.target, "scenario": worst.scenario},
        count=len(bad),
        subject=collected.target,
    )
