"""One cut: a write whose conversation with PostgreSQL ends after so many bytes, and what came of it."""

from __future__ import annotations

import time

from harness.experiments.chaos.cut_places import CutPlace
from harness.experiments.chaos.lane import TRIES, Lane
from harness.experiments.chaos.rows import counter
from harness.model.cut_map import Conversation, Cut, CutWay, Direction
from harness.model.op import Outcome
from harness.provision.messages import read_messages
from harness.provision.relay import Capture, Cutoff

HOLD_S = 2.0
CONFIRM_TIMEOUT_S = 1.0


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
    key = lane.key()
    count = counter(services)
    if place.way is CutWay.LIMIT:
        captured = lane.testbed.relay.capture()
        with lane.limited(place.direction, place.offset):
            answer = lane.send(place.operation, key)
            confirmed = _confirmed(lane, captured, place)  # a target may go on writing after it has answered
    else:
        cutoff = Cutoff(direction=place.direction, offset=place.offset, way=place.way, hold_s=HOLD_S)
        captured = lane.testbed.relay.capture(cutoff)
        answer = lane.send(place.operation, key)
        confirmed = _confirmed(lane, captured, place)
    passed = bytes(captured.by(place.direction))
    lane.testbed.relay.stop_capture()
    rows = count()
    # every byte is followed by the cheapest request, and every message's end by another write
    tries, status = lane.recover(lane.health if place.way is CutWay.LIMIT else place.operation)
    if place.way is not CutWay.LIMIT:
        lane.reconnect()
    return Cut(
        target=lane.target,
        operation=place.operation,
        direction=place.direction,
        way=place.way,
        offset=place.offset,
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
        owed=services.workload.effects.owed(place.operation),
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
    for message in messages:
        if message.start <= place.offset < message.end:
            return f"{message.name} {message.says}".strip()
    return "the end"
