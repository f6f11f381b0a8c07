"""Shares of a whole over looks: their value, how wide their intervals are, and that they stay within 0 and 1."""

from random import Random

import pytest

from harness.analysis.stats.shares import BATCHES, share_interval, share_of_unpaired


def test_a_share_is_of_all_looks_together_and_not_of_each() -> None:
    assert share_interval([1, 0, 0, 9], [2, 2, 2, 94]).value == pytest.approx(0.1)


def test_what_is_always_the_same_share_is_certain() -> None:
    known = share_interval([3, 6, 1.5], [4, 8, 2])
    assert (known.value, known.low, known.high) == pytest.approx((0.75, 0.75, 0.75))


def test_one_spell_of_many_looks_is_one_case_and_no_certainty() -> None:
    """As long a spell scattered over all looks tells more."""
    spell, scattered = [1.0] * 30 + [0.0] * 70, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0] * 10
    lows = [share_interval(parts, [1.0] * 100).low for parts in (spell, scattered)]
    assert lows[0] == 0
    assert lows[1] is not None
    assert lows[1] > 0.25


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    random, held = Random(7), 0  # noqa: S311 - no secret
    for _ in range(300):
        wholes = [random.randint(8, 16) for _ in range(80)]
        parts = [sum(random.random() < 0.3 for _ in range(whole)) for whole in wholes]
        known = share_interval(parts, wholes)
        assert known.low is not None
        assert known.high is not None
        held += known.low <= 0.3 <= known.high
    assert held > 0.9 * 300


def test_of_nothing_the_share_is_none() -> None:
    assert share_interval([], []).value == share_interval([0, 0], [0, 0]).high == 0
    assert share_of_unpaired([], [1, 1]).value == share_of_unpaired([0, 0], [1, 1]).high == 0
    assert share_of_unpaired([1, 1], [0, 0]).value == 0


def test_counts_that_are_not_of_the_same_looks_are_refused() -> None:
    with pytest.raises(ValueError, match="1 parts of 2 wholes"):
        share_interval([1], [1, 2])


def test_looks_of_their_own_need_not_be_as_many() -> None:
    known = share_of_unpaired([12, 14, 13, 13, 12, 14], [16, 15, 16, 17] * 4)
    assert known.value == pytest.approx(13 / 16)
    assert known.low is not None
    assert 0.7 < known.low < 13 / 16


def test_of_looks_of_their_own_one_reading_decides_nothing() -> None:
    assert share_of_unpaired([16], [16] * 20).high == 0


def test_no_share_is_more_than_the_whole() -> None:
    known = share_of_unpaired([17, 19, 18], [16, 16, 16])
    assert (known.value, known.high) == (1, 1)
    spread = share_interval([0, 16, 16, 16], [16, 16, 16, 16])
    assert spread.high == 1
    assert share_interval([0, 0, 0, 1], [16, 16, 16, 16]).low == 0


def test_looks_are_put_into_ten_batches_at_most() -> None:
    assert share_interval([1.0] * 37, [2.0] * 37).blocks == BATCHES
    assert share_interval([1.0] * 7, [2.0] * 7).blocks == 7
