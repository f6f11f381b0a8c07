"""Is a write whole, and was its client told the truth, wherever its conversation with PostgreSQL is cut?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import inf

from harness.model.cut_map import Conversation, Cut, CutMap, CutWay, Direction
from harness.model.findings import Finding
from harness.model.outcome import Verdict
from harness.model.write_status import OFFENCES, WriteStatus, status_of_cut

MOST_TRIES = 2  # a pool learns of a dead connection from the first request that uses it


def check_cut_map(cut_map: CutMap) -> Iterator[Finding]:
    """Judge each conversation's cuts by themselves, and then the recovery of all."""
    for conversation in cut_map.conversations:
        yield _judge(conversation, [cut for cut in cut_map.cuts if _within(cut, conversation)])
    yield _recovery(cut_map.cuts)


def _within(cut: Cut, conversation: Conversation) -> bool:
    return (cut.target, cut.operation, cut.direction) == (
        conversation.target,
        conversation.operation,
        conversation.direction,
    )


def _judge(conversation: Conversation, cuts: Sequence[Cut]) -> Finding:
    """Offences first; then whether every byte was cut at, and every cut bit."""
    limited = [cut for cut in cuts if cut.way is CutWay.LIMIT]
    offences = [cut for cut in cuts if status_of_cut(cut) in OFFENCES]
    missing = sorted(set(range(conversation.length_bytes + 1)) - {cut.offset for cut in limited})
    idle = [cut for cut in cuts if not _bit(cut)]
    if offences:
        names = ", ".join(sorted({status_of_cut(cut) for cut in offences}))
        verdict, summary = Verdict.FAIL, f"Writes cut in the middle are {names}"
    elif not conversation.length_bytes or not cuts:
        verdict, summary = Verdict.UNDECIDED, "Nothing was cut"
    elif missing:
        verdict, summary = Verdict.UNDECIDED, f"{len(missing)} bytes were never cut at, the first at {missing[0]}"
    elif idle:
        verdict, summary = Verdict.UNDECIDED, f"{len(idle)} cuts did not bite, the first at byte {idle[0].offset}"
    else:
        verdict, summary = Verdict.PASS, "Cut at every byte, every write is whole and as its client was told"
    return Finding(
        check="cuts",
        verdict=verdict,
        summary=summary,
        measured=f"{len(cuts)} cuts: {_tally(cuts)}",
        limit="0 offences",
        count=len(offences),
        first=tell(offences[0]) if offences else "",
        worst=tell(max(offences, key=lambda cut: sum(cut.rows.values()))) if offences else "",
        trial=f"{conversation.operation} to {conversation.target}, {conversation.direction}",
    )


def _bit(cut: Cut) -> bool:
    """Whether the relay saw the conversation cut; upwards, at the very byte."""
    exact = cut.direction is Direction.DOWN or cut.way is CutWay.HOLD or cut.passed_bytes == cut.offset
    return cut.bit and exact


def _recovery(cuts: Sequence[Cut]) -> Finding:
    slow = [cut for cut in cuts if not 1 <= cut.recovered_after <= MOST_TRIES]
    if not cuts:
        verdict, summary = Verdict.UNDECIDED, "Nothing was cut"
    elif slow:
        verdict, summary = Verdict.FAIL, "After a cut the target did not serve again"
    else:
        verdict, summary = Verdict.PASS, "After every cut the target served again"
    at_once = sum(cut.recovered_after == 1 for cut in cuts)
    return Finding(
        check="recovery",
        verdict=verdict,
        summary=summary,
        measured=f"{at_once} of {len(cuts)} at the next request, the others at the one after" if not slow else "",
        limit=f"{MOST_TRIES} requests",
        count=len(slow),
        first=tell(slow[0]) if slow else "",
        worst=tell(max(slow, key=lambda cut: cut.recovered_after or inf)) if slow else "",  # 0 is never
    )


def tell(cut: Cut) -> str:
    """Tell one cut in full: what was sent, where it was cut, what was told, what is stored."""
    rows = ", ".join(f"{count} in {table}" for table, count in cut.rows.items())
    told = f"{cut.outcome} {cut.status or cut.error}".strip()
    return (
        f"{status_of_cut(cut)}: {cut.operation} to {cut.target}, key {cut.key}, cut {cut.direction} after"
        f" byte {cut.offset}"
        f" ({cut.way}, in {cut.message}); told {told}; stored {rows}; served again after {cut.recovered_after};"
        f" asked for {cut.asked}"
    )


def _tally(cuts: Iterable[Cut]) -> str:
    counts = Counter(status_of_cut(cut) for cut in cuts)
    return ", ".join(f"{counts[name]:,} {name}" for name in WriteStatus if counts[name]) or "none"
