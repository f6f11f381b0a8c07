"""The answer of a chaos run in sentences: counts first, and no more than was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from harness.model.findings import Finding
from harness.model.summary import Summary
from harness.model.verdict import Verdict
from harness.model.write_status import OFFENCES, WriteStatus
from harness.report.sentences.findings import finding_text


def chaos_headline(summary: Summary) -> str:
    """Return the answer to the question of a chaos run in one sentence."""
    targets = " and ".join(summary.plan.targets)
    if not targets:
        return _controls_headline(summary)
    if summary.verdict is Verdict.FAIL:
        broken = sorted({finding_text(one).summary for one in summary.findings if one.verdict is Verdict.FAIL})
        return f"{targets}: {'; '.join(broken)}."
    if summary.verdict is Verdict.UNDECIDED:
        return f"{targets}: no write was found broken, but this run can't say that none is."
    return f"{targets}: no write was ever partial, no acknowledged one was lost, and no refused one is there."


def controls_text(summary: Summary) -> str:
    """Return how many flaws were tried and caught as they must be, and how many sound targets were left alone."""
    right = {one.subject for one in summary.findings if one.check == "controls" and one.verdict is Verdict.PASS}
    flaws = [row.target for row in summary.controls if row.expected]
    sound = [row.target for row in summary.controls if not row.expected]
    told = []
    if flaws:
        told.append(f"{len(right.intersection(flaws))} of {len(flaws)} flaws caught by the check that each names")
    if sound:
        told.append(f"{len(right.intersection(sound))} of {len(sound)} sound targets accused by none")
    cuts, faults, loads = (sum(getattr(row, what) for row in summary.controls) for what in ("cuts", "faults", "loads"))
    return "; ".join([*told, f"by {cuts:,} cuts, {faults} faults and {loads} loads"])


def _controls_headline(summary: Summary) -> str:
    if summary.verdict is Verdict.PASS:
        return f"Every control is as it must be: {controls_text(summary)}."
    wrong = [finding for finding in summary.findings if finding.verdict is not Verdict.PASS]
    return f"{len(wrong)} of {len(summary.findings)} controls are not as they must be: {controls_text(summary)}."


def chaos_answers(summary: Summary) -> tuple[str, ...]:
    """Return what was done and what came of it, with numbers."""
    told = []
    if summary.cuts:
        statuses = sum((Counter(strip.statuses) for strip in summary.cuts), Counter[str]())
        bad = sum(statuses[status] for status in OFFENCES)
        writes = ", ".join(dict.fromkeys(strip.operation for strip in summary.cuts))
        told.append(
            f"{statuses.total():,} writes ({writes}) were cut, at every byte of their conversation with PostgreSQL in"
            f" both directions: {statuses[WriteStatus.ROLLED_BACK]:,} left nothing,"
            f" {statuses[WriteStatus.ACKNOWLEDGED]:,} were stored and acknowledged,"
            f" {statuses[WriteStatus.COMMITTED]:,} were stored but not acknowledged, and {bad:,} were partial,"
            f" lost, ghosts or duplicates ({summary.cuts_per_s:.0f} cuts a second)."
        )
    if summary.faults:
        proven = [row for row in summary.faults if row.proof]
        kinds, proven_kinds = (len({row.kind for row in rows}) for rows in (summary.faults, proven))
        told.append(
            f"{len(summary.faults)} faults of {kinds} kinds were injected, and {len(proven)} are proven to have taken"
            f" effect, of {proven_kinds} kinds; {sum(row.in_transaction > 0 for row in summary.faults)} came while a"
            " write was in its transaction."
        )
        told.append(f"{_sum_of_writes([one for one in summary.findings if one.check == 'writes'])}.")
    if summary.controls and summary.plan.targets:  # where there are only controls the headline tells them
        told.append(f"Controls: {controls_text(summary)}.")
    return tuple(told)


def _sum_of_writes(findings: Sequence[Finding]) -> str:
    """Add up what became of the writes of each trial."""
    total: Counter[str] = Counter()
    for finding in findings:
        total.update({name: round(one.value) for name, one in finding.values.items() if one.unit == "writes"})
    counts = {status.value: total[status.name.lower()] for status in WriteStatus}
    resolved = ", ".join(f"{count:,} {status}" for status, count in counts.items() if count)
    return f"Under these faults {total['writes']:,} writes were attempted: {resolved}"
