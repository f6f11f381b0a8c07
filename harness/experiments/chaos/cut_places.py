"""Where a conversation is cut, and how: at every byte, and at every message's end in other ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.model.cut_map import Conversation, CutWay, Direction


@dataclass(frozen=True, kw_only=True)
class CutPlace:
    """Where to cut, and how."""

    operation: str
    direction: Direction
    offset: int
    way: CutWay


def places(conversations: Sequence[Conversation], stride: int) -> Iterator[CutPlace]:
    """Every byte by Toxiproxy; and by the relay at each message's end.

    The holds, in which a lane only waits, are spread over the others, so that other lanes have work meanwhile. A
    sample leaves them out, and cuts at each ``stride``-th byte and all along COMMIT and its answer.
    """
    ends = [(conversation, message.end) for conversation in conversations for message in conversation.messages]
    quick = [_place(conversation, end, way) for way in (CutWay.FIN, CutWay.RST) for conversation, end in ends]
    for conversation in conversations:
        last = range(conversation.messages[-2].start, conversation.length_bytes + 1)
        offsets = sorted({*range(0, conversation.length_bytes + 1, stride), *last})
        quick += [_place(conversation, offset, CutWay.LIMIT) for offset in offsets]
    holds = [] if stride > 1 else [_place(conversation, end, CutWay.HOLD) for conversation, end in ends]
    apart = len(quick) // (len(holds) + 1)
    for number, place in enumerate(quick):
        if holds and number % apart == 0:
            yield holds.pop()
        yield place
    yield from holds


def _place(conversation: Conversation, offset: int, way: CutWay) -> CutPlace:
    return CutPlace(operation=conversation.operation, direction=conversation.direction, offset=offset, way=way)
