"""Statistics that can be wrong in both directions: they must find what is there, and not what is not."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.stats.anytime import anytime_interval
from harness.analysis.stats.compare import compare
from harness.analysis.stats.intervals import detectable_ratio, mean_interval, ratio_interval
from harness.analysis.stats.latency import histogram_ms, quantiles_ms
from harness.analysis.stats.timeline import timeline
from harness.model.measures import CellName

RATES = st.lists(st.floats(min_value=1.0, max_value=1e5), min_size=2, max_size=12)
BLOCKS = 5


def blocks(generator: np.random.Generator, centre: float, spread: float) -> list[float]:
    """One value a block, lognormal about ``centre``."""
    return [float(value) for value in centre * np.exp(generator.normal(0, spread, BLOCKS))]


def word(first: list[float], second: list[float]) -> str:
    """The word of a throughput comparison."""
    return compare(
        CellName(scenario="s", added_ms=0, target="a"), "b", "throughput", logs(first, second), mean_interval
    ).word


def logs(first: list[float], second: list[float]) -> list[float]:
    """The logarithm of each block's ratio."""
    return [math.log(one / other) for one, other in zip(first, second, strict=True)]


def test_the_interval_holds_the_truth_in_95_of_100() -> None:
    random = np.random.default_rng(1)
    held = 0
    for _ in range(2000):
        known = ratio_interval(blocks(random, 130, 0.05), blocks(random, 100, 0.05))
        assert known.low is not None
        assert known.high is not None
        held += known.low <= 1.3 <= known.high
    assert 0.935 <= held / 2000 <= 0.965  # three standard errors of a share of 0.95 in 2000


def test_a_thing_compared_with_itself_differs_in_5_of_100() -> None:
    random = np.random.default_rng(2)
    words = [word(blocks(random, 100, 0.05), blocks(random, 100, 0.05)) for _ in range(2000)]
    assert 0.935 <= words.count("not_significant") / 2000 <= 0.965


def test_a_planted_difference_of_20_percent_is_found() -> None:
    random = np.random.default_rng(3)
    words = [word(blocks(random, 120, 0.03), blocks(random, 100, 0.03)) for _ in range(500)]
    assert words.count("first") / 500 >= 0.99
    assert words.count("second") == 0


def test_the_detectable_ratio_is_detected_in_four_of_five() -> None:
    random = np.random.default_rng(4)
    typical = float(
        np.median([detectable_ratio(logs(blocks(random, 1, 0.05), blocks(random, 1, 0.05))) for _ in range(500)])
    )
    words = [word(blocks(random, typical, 0.05), blocks(random, 1, 0.05)) for _ in range(1000)]
    assert 0.7 <= words.count("first") / 1000 <= 0.9


@given(RATES, st.data())
def test_turning_a_comparison_round_inverts_it(first: list[float], data: st.DataObject) -> None:
    second = data.draw(st.lists(st.floats(1.0, 1e5), min_size=len(first), max_size=len(first)))
    one, other = ratio_interval(first, second), ratio_interval(second, first)
    assert one.value == pytest.approx(1 / other.value)
    assert one.low is not None
    assert other.high is not None
    assert one.low == pytest.approx(1 / other.high)
    turned = {"first": "second", "second": "first", "not_significant": "not_significant"}
    assert turned[word(first, second)] == word(second, first)


@given(RATES)
def test_a_unit_changes_nothing(first: list[float]) -> None:
    second = first[::-1]
    scaled = ratio_interval([value * 1000 for value in first], [value * 1000 for value in second])
    assert scaled.value == pytest.approx(ratio_interval(first, second).value)


def test_one_block_has_no_interval_and_none_has_no_value() -> None:
    assert mean_interval([3.0]).low is None
    assert ratio_interval([3.0], [2.0]).value == pytest.approx(1.5)
    assert word([3.0], [2.0]) == "too_few_blocks"
    assert detectable_ratio(logs([3.0], [2.0])) is None
    assert math.isnan(mean_interval([]).value)
    assert math.isnan(ratio_interval([], []).value)


def test_what_would_have_been_shown_is_said_of_a_number_of_blocks_that_was_fixed_only() -> None:
    cell = CellName(scenario="s", added_ms=0, target="a")
    values = logs([2.0, 2.1, 1.9, 2.0, 2.2, 1.8], [1.0, 1.1, 0.9, 1.1, 1.0, 1.0])
    fixed, at_any_time = (
        compare(cell, "b", "throughput", values, interval) for interval in (mean_interval, anytime_interval)
    )
    assert fixed.detectable == detectable_ratio(values)
    assert at_any_time.detectable is None


def test_a_block_in_which_nothing_was_served_has_no_ratio() -> None:
    known = ratio_interval([0.0, 2.0, 2.0, math.nan], [1.0, 1.0, 1.0, 1.0])
    assert (known.value, known.blocks) == (pytest.approx(2.0), 2)


def test_no_spread_at_all_is_no_uncertainty() -> None:
    assert word([2.0] * 3, [1.0] * 3) == "first"
    assert word([1.0] * 3, [1.0] * 3) == "not_significant"


def test_series_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio_interval([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("count", "supported"),
    [
        (0, []),
        (19, []),
        (20, ["p50"]),
        (99, ["p50"]),
        (100, ["p50", "p90"]),
        (200, ["p50", "p90", "p95"]),
        (999, ["p50", "p90", "p95"]),
        (1000, ["p50", "p90", "p95", "p99"]),
    ],
)
def test_a_percentile_needs_ten_observations_beyond_it(count: int, supported: list[str]) -> None:
    assert list(quantiles_ms(np.arange(count, dtype=np.int64))) == supported


def test_percentiles_are_in_milliseconds() -> None:
    assert quantiles_ms(np.full(100, 7_000_000, dtype=np.int64))["p50"] == pytest.approx(7.0)


@given(st.lists(st.integers(1, 10**10), min_size=1, max_size=300))
def test_the_histogram_rises_to_one_and_agrees_with_counting(latencies: list[int]) -> None:
    points = histogram_ms(np.array(latencies, dtype=np.int64))
    shares = [share for _, share in points]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(points) <= 60
    for time_ms, share in points:
        counted = sum(value <= time_ms * 1e6 * (1 + 1e-12) for value in latencies) / len(latencies)
        assert share == pytest.approx(counted)


def test_the_timeline_counts_what_ended_well() -> None:
    second = 10**9
    ops = pd.DataFrame(
        {
            "intended_ns": [0, 0, second],
            "ended_ns": [second // 10, second // 5, second + second // 10],
            "outcome": ["ok", "ok", "unknown"],
            "target": ["async"] * 3,
        }
    )
    line = timeline(1, ops, [(0, second, "20 ms", 20)], [], origin_ns=0, bin_s=0.5)
    served, failed = line.points
    assert (served.t_s, served.rps, served.p50_ms) == (0.0, 4.0, pytest.approx(150.0))
    assert (failed.t_s, failed.rps, failed.p50_ms) == (1.0, 0.0, None)
    assert line.faults == ((0.0, 1.0, "20 ms", 20),)
