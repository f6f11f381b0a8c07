"""Lanes of the cut map: as many as there is work, and one at the least."""

import pytest

from harness.experiments.chaos.cut_map import LANES, share_lanes
from harness.model.cut_map import Conversation, Direction, WireMessage


def conversations(target: str, up: int, down: int) -> list[Conversation]:
    """What a target says in so many messages, and hears."""
    return [
        Conversation(
            target=target,
            operation="create_user",
            direction=direction,
            messages=tuple(WireMessage(name="Query", says="", start=n, end=n + 1) for n in range(count)),
        )
        for direction, count in ((Direction.UP, up), (Direction.DOWN, down))
    ]


@pytest.mark.parametrize(
    ("messages", "lanes"),
    [((15, 15), (LANES, LANES)), ((20, 10), (8, 4)), ((10, 20), (4, 8)), ((1000, 1), (2 * LANES, 1))],
)
def test_a_target_has_lanes_by_its_messages(messages: tuple[int, int], lanes: tuple[int, int]) -> None:
    heard = [*conversations("async", messages[0], 0), *conversations("sync", 0, messages[1])]
    assert share_lanes(["async", "sync"], heard) == dict(zip(("async", "sync"), lanes, strict=True))


def test_one_target_has_its_own() -> None:
    assert share_lanes(["async"], conversations("async", 7, 7)) == {"async": LANES}
