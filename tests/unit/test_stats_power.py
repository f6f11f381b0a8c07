"""Intervals and power at the edges: few blocks, no spread, and what a small run can see."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.stats.intervals import detectable_ratio, mean_interval, ratio_interval

VALUES = st.lists(st.floats(min_value=0.1, max_value=1e4), min_size=2, max_size=15)


@given(VALUES)
def test_the_interval_of_a_mean_is_student_s(values: list[float]) -> None:
    known = mean_interval(values)
    reach = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))
    assert known.low == pytest.approx(np.mean(values) - reach, abs=1e-6)
    assert known.high == pytest.approx(np.mean(values) + reach, abs=1e-6)


@pytest.mark.parametrize("blocks", [2, 3, 10])
def test_coverage_holds_for_few_blocks_too(blocks: int) -> None:
    random = np.random.default_rng(blocks)
    held = 0
    for _ in range(1500):
        ratios = np.exp(math.log(0.8) + random.normal(0, 0.2, blocks))
        known = ratio_interval(list(ratios), [1.0] * blocks)
        assert known.low is not None
        assert known.high is not None
        held += known.low <= 0.8 <= known.high
    assert 0.93 <= held / 1500 <= 0.97  # more than three standard errors of a share of 0.95 in 1500


def test_a_slow_block_slows_both_and_leaves_the_ratio_alone() -> None:
    """The point of blocks: what both have in common cancels."""
    calm, rough = [100.0, 100.0, 100.0], [100.0, 20.0, 60.0]
    second = [value / 1.3 for value in calm], [value / 1.3 for value in rough]
    one, other = ratio_interval(calm, second[0]), ratio_interval(rough, second[1])
    assert other.low == pytest.approx(one.low)
    assert other.high == pytest.approx(1.3)


def test_half_the_spread_or_more_blocks_show_less() -> None:
    logs = [math.log(ratio) for ratio in (1.1, 0.9, 1.05, 0.95)]
    at_first = detectable_ratio(logs)
    halved = detectable_ratio([log / 2 for log in logs])
    more = detectable_ratio(logs * 4)
    assert at_first is not None
    assert halved == pytest.approx(math.sqrt(at_first))
    assert more is not None
    assert 1 < more < at_first


def test_without_spread_any_difference_would_show() -> None:
    assert detectable_ratio([math.log(2.0)] * 2) == pytest.approx(1.0)
