"""The cut map as the report draws it: each conversation as messages, and as runs of bytes of one status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from harness.model.cut_map import Conversation, Cut, CutMap, CutStrip, CutWay, MessageCuts, WireMessage
from harness.model.write_status import WriteStatus, status_of_cut


def strips(cut_map: CutMap) -> Iterator[CutStrip]:
    """Lay out each conversation of a cut map; one without a cut is left out."""
    for conversation in cut_map.conversations:
        if cuts := cut_map.within(conversation):
            yield _strip(conversation, cuts)


def _strip(conversation: Conversation, cuts: Sequence[Cut]) -> CutStrip:
    limited = {cut.offset: status_of_cut(cut) for cut in cuts if cut.way is CutWay.LIMIT}
    end = conversation.length_bytes
    beyond = WireMessage(name="the end", says="", start=end, end=end + 1)
    return CutStrip(
        target=conversation.target,
        operation=conversation.operation,
        direction=conversation.direction,
        length_bytes=end,
        messages=tuple(_message(message, limited, cuts) for message in (*conversation.messages, beyond)),
        statuses=dict(Counter(status_of_cut(cut) for cut in cuts).most_common()),
    )


def _message(message: WireMessage, limited: dict[int, WriteStatus], cuts: Sequence[Cut]) -> MessageCuts:
    """Fold the bytes of a message into runs of one status; a byte that was not cut at belongs to no run."""
    known = [(offset, limited[offset]) for offset in range(message.start, message.end) if offset in limited]
    runs = []
    # a run ends where the status changes, and where a byte was left out
    for (status, _), group in groupby(enumerate(known), key=lambda item: (item[1][1], item[1][0] - item[0])):
        offsets = [offset for _, (offset, _) in group]
        runs.append((offsets[0], offsets[-1] + 1, status.value))
    other = {
        cut.way.value: status_of_cut(cut).value
        for cut in cuts
        if cut.way is not CutWay.LIMIT and cut.offset == message.end
    }
    return MessageCuts(
        name=f"{message.name} {message.says}".strip(),
        start=message.start,
        end=message.end,
        runs=tuple(runs),
        other_ways=other,
    )
