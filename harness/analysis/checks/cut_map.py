"""Is a write whole, and was its client told the truth, wherever its conversation with PostgreSQL is cut?"""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.checks.writes import code_of, gravest, statuses, tally
from harness.model.cut_map import Conversation, Cut, CutMap, CutWay, Direction
from harness.model.findings import Case, Finding, Findings, in_unit, known_facts
from harness.model.verdict import Verdict
from harness.model.write_status import OFFENCES, status_of_cut


def check_cut_map(cut_map: CutMap) -> Findings:
    """Judge each conversation's cuts by themselves."""
    for conversation in cut_map.conversations:
        yield _judge(conversation, cut_map.within(conversation))


def _judge(conversation: Conversation, cuts: Sequence[Cut]) -> Finding:
    """Offences first; then whether it was cut at wherever it had to be, and every cut took effect."""
    limited = [cut for cut in cuts if cut.way is CutWay.LIMIT]
    offences = [cut for cut in cuts if status_of_cut(cut) in OFFENCES]
    missing = sorted({*conversation.to_be_cut_at} - {cut.offset for cut in limited})
    idle = [cut for cut in cuts if not _confirmed(cut)]
    values = {**tally(map(status_of_cut, cuts)), **in_unit("cuts", cuts=len(cuts), limit=0)}
    if offences:
        verdict, code = Verdict.FAIL, gravest(map(status_of_cut, offences))
    elif not conversation.length_bytes or not cuts:
        verdict, code = Verdict.UNDECIDED, "nothing_cut"
    elif missing:
        verdict, code = Verdict.UNDECIDED, "bytes_never_cut_at"
        values |= in_unit("bytes", missing=len(missing), first_byte=missing[0])
    elif idle:
        verdict, code = Verdict.UNDECIDED, "cuts_without_effect"
        values |= {**in_unit("cuts", idle=len(idle)), **in_unit("bytes", first_byte=idle[0].offset)}
    else:
        verdict, code = Verdict.PASS, "whole"
    if code == "whole" and len(conversation.to_be_cut_at) <= conversation.length_bytes:
        verdict, code = Verdict.PASS, "whole_in_each_message"
    return Finding(
        check="cut_map",
        verdict=verdict,
        code=code,
        values=values,
        facts=known_facts(statuses=statuses(map(status_of_cut, offences))),
        count=len(offences),
        first=case_of_cut(offences[0]) if offences else None,
        worst=case_of_cut(max(offences, key=lambda cut: sum(cut.rows.values()))) if offences else None,
        subject=f"{conversation.operation} to {conversation.target}, {conversation.direction}",
    )


def case_of_cut(cut: Cut) -> Case:
    """Return a cut with what became of its write."""
    return Case(code=code_of(status_of_cut(cut)), cut=cut)


def _confirmed(cut: Cut) -> bool:
    """Whether the relay saw the conversation cut; upwards, at the very byte."""
    exact = cut.direction is Direction.DOWN or cut.way is CutWay.HOLD or cut.passed_bytes == cut.offset
    return cut.confirmed and exact
