"""What a page costs, of its readings."""

import pytest

from harness.analysis.stats.eager_loading import page_costs
from harness.model.evidence import PageReading


def reading(block: int, statements: float | None, *took_ms: float, users: int = 5) -> PageReading:
    return PageReading(
        target="async",
        strategy="joined",
        added_ms=0,
        users=users,
        posts_each=5,
        block=block,
        statements=statements,
        round_trips=2.0 + block,
        bytes_down=100.0 * block,
        answer_bytes=1000,
        took_ms=took_ms,
    )


def test_readings_of_one_page_are_folded_and_time_is_of_medians() -> None:
    (cost,) = page_costs([reading(1, 1, 2.0, 3.0, 99.0), reading(2, 1, 5.0, 5.0, 0.0)])
    assert (cost.target, cost.strategy, cost.added_ms, cost.users, cost.posts_each) == (
        "async",
        "joined",
        0,
        5,
        5,
    )
    assert (cost.statements, cost.round_trips, cost.bytes_down, cost.answer_bytes) == (1, 3.5, 150, 1000)
    assert cost.took_ms.value == pytest.approx(4.0)  # of 3 and 5
    assert cost.took_ms.blocks == 2
    assert cost.took_ms.low is not None
    assert cost.took_ms.low < 4.0


def test_pages_of_other_sizes_stay_apart_and_an_unknown_count_is_not_made_up() -> None:
    small, large = page_costs([reading(1, 1, 1.0, users=100), reading(1, None, 1.0), reading(2, 1, 1.0)])
    assert (small.users, small.statements) == (5, None)
    assert (large.users, large.statements) == (100, 1)
    assert page_costs([]) == ()
