"""What only follows from an event loop that stands still: one cause has one finding, and the others refer to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.model.findings import Finding
from harness.model.verdict import Verdict

NOT_WATCHED = "not_watched"
# By check, what a loop that stands still brings about: nobody asks anything meanwhile, everybody waits, and no request
# comes to its end.
OF_A_LOOP_THAT_STANDS: Mapping[str, tuple[str, ...]] = {
    "pool": ("too_few_threads", "transactions_idle", "pool_too_small"),
    "requests": ("nothing_looked_into",),
}


def referred(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Leave open what may only follow from the loop, if that does not pass, and name its finding's code instead.

    Whether it would be there without is not known until the loop is mended. The findings are of one trial.
    """
    causes = [one for one in findings if one.check == "loop" and one.verdict is not Verdict.PASS]
    cause = next((one.code for one in causes if one.code != NOT_WATCHED), "")
    return tuple(_left_open(one, cause) if cause and _may_follow(one) else one for one in findings)


def _may_follow(finding: Finding) -> bool:
    return finding.code in OF_A_LOOP_THAT_STANDS.get(finding.check, ())


def _left_open(finding: Finding, cause: str) -> Finding:
    return Finding(
        check=finding.check,
        verdict=Verdict.UNDECIDED,
        code="follows_from_loop",
        values=finding.values,
        facts={"cause": cause},
        count=1,
        subject=finding.subject,
    )
