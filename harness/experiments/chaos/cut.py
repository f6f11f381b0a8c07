"""One cut: where a write's conversation with PostgreSQL ends, how, what came of it, and the rows that it left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

from harness.experiments.chaos.lane import TRIES, Lane
from harness.model.cut_map import Conversation, Cut, CutWay, Direction
from harness.model.ledger import Effects
from harness.model.request_record import Outcome
from harness.model.workload import WITH_RETRY_KEY
from harness.provision.database import count_rows, read_ledger, wait_until_settled
from harness.provision.messages import read_messages
from harness.provision.relay import Capture, Cutoff
from harness.provision.testbed import Services

HOLD_S = 2.0
CONFIRM_TIMEOUT_S = 1.0


@dataclass(frozen=True, kw_only=True)
class CutPlace:
    """Where to cut, and how."""

    operation: str
    direction: Direction
    offset: int
    way: CutWay


def places(conversations: Sequence[Conversation], stride: int) -> Iterator[CutPlace]:
    """Wherever it has to be cut by Toxiproxy; and by the relay at each message's end.

    The holds, in which a lane only waits, are spread over the others, so that other lanes have work meanwhile. A
    sample leaves them out, and cuts at each ``stride``-th byte and all along COMMIT and its answer; a write with a
    retry key, wherever it has to be cut.
    """
    ends = [(conversation, message.end) for conversation in conversations for message in conversation.messages]
    quick = [_place(conversation, end, way) for way in (CutWay.FIN, CutWay.RST) for conversation, end in ends]
    for conversation in conversations:
        last = range(conversation.messages[-2].start, conversation.length_bytes + 1)
        whole = conversation.to_be_cut_at
        offsets = sorted({*whole[::stride], *last}) if len(whole) > conversation.length_bytes else whole
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


def cut_once(lane: Lane, place: CutPlace, conversation: Conversation) -> Cut:
    """Cut, and do so again where the answer was shorter this time, and ended before it could be cut."""
    for _ in range(TRIES):
        cut = _cut(lane, place, conversation)
        if cut.confirmed or cut.outcome is not Outcome.OK or cut.passed_bytes >= place.offset:
            break
    return cut


def _cut(lane: Lane, place: CutPlace, conversation: Conversation) -> Cut:
    """Cut one write, see what its client is told, and bring the lane back to where it was."""
    services = lane.testbed.services
    operation = place.operation.removesuffix(WITH_RETRY_KEY)
    key = lane.key()
    count = counter(services)
    limit = place.way is CutWay.LIMIT
    cutoff = Cutoff(direction=place.direction, offset=place.offset, way=place.way, hold_s=HOLD_S)
    captured = lane.testbed.relay.capture(None if limit else cutoff)
    with lane.limited(place.direction, place.offset) if limit else nullcontext():
        answer = lane.send(place.operation, key)
        confirmed = _confirmed(lane, captured, place)  # a target may go on writing after it has answered
    passed = bytes(captured.by(place.direction))
    lane.testbed.relay.stop_capture()
    rows = count()
    # every byte is followed by the cheapest request, and every message's end by another write
    tries, status = lane.recover(lane.health if limit else place.operation)
    if not limit:
        lane.reconnect()
    return Cut(
        target=lane.target,
        **vars(place),
        key=key,
        outcome=answer.outcome,
        status=answer.status,
        error=answer.error,
        passed_bytes=len(passed),
        message=_message_at(place, passed, conversation),
        confirmed=confirmed,
        took_s=answer.took_s,
        recovered_after=tries,
        next_status=status,
        rows=rows,
        owed=Effects.of(services.workload).owed(operation, named=operation != place.operation),
        asked=answer.asked,
    )


def _confirmed(lane: Lane, captured: Capture, place: CutPlace) -> bool:
    """Whether the relay saw the connection end, or in a hold that it held; the end may come a moment later."""
    if place.way is not CutWay.LIMIT and not lane.testbed.relay.tripped:
        return False
    if place.way is CutWay.HOLD:
        return True
    deadline = time.monotonic() + CONFIRM_TIMEOUT_S
    while not captured.ended and time.monotonic() < deadline:
        time.sleep(0.0005)
    return captured.ended


def _message_at(place: CutPlace, passed: bytes, conversation: Conversation) -> str:
    """Name the message that the first byte held back belongs to.

    Downwards the relay has captured all that PostgreSQL said this time; upwards only what passed, so the
    rest is read off the conversation, which is the same every time.
    """
    if place.direction is Direction.DOWN and len(passed) > place.offset:
        messages = read_messages(passed, Direction.DOWN)
    else:
        messages = conversation.messages
    told = (f"{one.name} {one.says}".strip() for one in messages if one.start <= place.offset < one.end)
    return next(told, "the end")


def counter(services: Services) -> Callable[[], Mapping[str, int]]:
    """Return what counts the rows that come from now on, of one write at a time; nothing where they carry a key."""
    url, database = services.postgres.url, services.workload.database
    if database.key_column:
        return dict
    before = count_rows(url, database)

    def count() -> Mapping[str, int]:
        wait_until_settled(url, database)
        return {table: now - before[table] for table, now in count_rows(url, database).items()}

    return count


def with_rows(cuts: Sequence[Cut], key_prefixes: Iterable[str], services: Services) -> tuple[Cut, ...]:
    """Count the rows of every write by its key, when every transaction has ended."""
    if not services.workload.database.key_column:
        return tuple(cuts)
    wait_until_settled(services.postgres.url, services.workload.database)
    ledgers = {prefix: read_ledger(services.postgres.url, services.workload, prefix) for prefix in key_prefixes}
    return tuple(
        replace(cut, rows={table: counts.get(cut.key, 0) for table, counts in ledgers[cut.key[:8]].rows.items()})
        for cut in cuts
    )
