"""Intervals that are looked at after every block must hold the truth at the worst moment to stop."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.signal import lfilter
from scipy.special import stdtrit
from scipy.stats import t as student

from harness.analysis.stats.anytime import (
    MIXED,
    anytime_interval,
    correlation_bound,
    multiplier,
    reach,
)
from harness.analysis.stats.intervals import mean_interval

RUNS, LONGEST = 2000, 60
ALPHA = 0.05
# a share of 0.95 in 2000 runs, less 1.64 standard errors
LEAST_HELD = 0.942
ROWS, MEASURES = 13, 2
# Standard deviation of a block's log ratio, as measured with frozen garbage collection; no interval depends on it.
SCATTER = 0.033

Values = NDArray[np.float64]
Scatter = Callable[[np.random.Generator], Values]
Reach = Callable[[Values, float], Values]


def normal(random: np.random.Generator) -> Values:
    return random.normal(size=(RUNS, LONGEST))


def heavy_tails(random: np.random.Generator) -> Values:
    return random.standard_t(4, size=(RUNS, LONGEST))


def contaminated(random: np.random.Generator) -> Values:
    """One block of twenty scatters five times as wide."""
    return normal(random) * np.where(random.random((RUNS, LONGEST)) < 0.05, 5, 1)


def skewed(random: np.random.Generator) -> Values:
    """A skewness of 1."""
    return random.gamma(4, size=(RUNS, LONGEST)) - 4


def remembering(rho: float) -> Scatter:
    """Return values of which each remembers the share ``rho`` of the one before."""
    return lambda random: _remember(normal(random), rho)


def _remember(steps: Values, rho: float) -> Values:
    steps[:, 1:] *= math.sqrt(1 - rho**2)
    return np.asarray(lfilter([1.0], [1.0, -rho], steps, axis=1))


def drifting_machine(random: np.random.Generator) -> Values:
    """Blocks of nine pairs of slices in turned order (ABBA) on a machine whose speed drifts by 10 %."""
    pairs = 9
    speed = 0.1 * _remember(random.normal(size=(RUNS, LONGEST * pairs * 2)), 0.95)
    rates = np.exp(speed.reshape(RUNS, LONGEST, pairs, 2) + random.normal(0, 0.07, (RUNS, LONGEST, pairs, 2)))
    rates[:, :, 1::2] = rates[:, :, 1::2, ::-1].copy()
    served = rates.sum(axis=2)
    return np.asarray(np.log(served[:, :, 0] / served[:, :, 1]))


ALL_SCATTERS = {
    "normal": normal,
    "heavy tails": heavy_tails,
    "contaminated": contaminated,
    "skewed": skewed,
    "drifting machine": drifting_machine,
    "neighbours at 0.2": remembering(0.2),
    "neighbours at 0.4": remembering(0.4),
}


def ordinary(values: Values, alpha: float) -> Values:
    """Half the width of Student's interval, of many runs at once."""
    count = values.shape[-1]
    times = float(stdtrit(count - 1, 1 - alpha / 2))
    return np.asarray(times * values.std(axis=-1, ddof=1) / math.sqrt(count))


def independent(values: Values, alpha: float) -> Values:
    """Half the width without an allowance for the memory of blocks."""
    return reach(values, alpha, most_correlated=0)


def holds(values: Values, half_width: Reach, alpha: float = ALPHA) -> NDArray[np.bool_]:
    """Of each run after 2 to 60 blocks: whether the interval holds the truth, which is 0."""
    counts = range(2, LONGEST + 1)
    return np.stack([abs(values[:, :n].mean(axis=1)) <= half_width(values[:, :n], alpha) for n in counts], axis=1)


def held_throughout(values: Values, half_width: Reach) -> float:
    """Share of runs that are right wherever they are stopped: the worst is where the truth is first left out."""
    return float(holds(values, half_width).all(axis=1).mean())


@pytest.mark.parametrize("scatter", ALL_SCATTERS.values(), ids=ALL_SCATTERS.keys())
def test_whoever_stops_at_the_worst_moment_is_still_right_in_95_of_100(scatter: Scatter) -> None:
    values = SCATTER * scatter(np.random.default_rng(1))
    assert held_throughout(values, reach) >= LEAST_HELD
    assert held_throughout(values, ordinary) < 0.75


@pytest.mark.parametrize("scatter", ALL_SCATTERS.values(), ids=ALL_SCATTERS.keys())
def test_whoever_stops_at_random_is_right_in_95_of_100(scatter: Scatter) -> None:
    random = np.random.default_rng(2)
    held = holds(scatter(random), reach)
    at = random.integers(0, held.shape[1], RUNS)
    assert held[np.arange(RUNS), at].mean() >= 0.95


def test_independent_blocks_need_no_allowance_and_remembering_ones_do() -> None:
    random = np.random.default_rng(3)
    for scatter in (normal, heavy_tails, contaminated, drifting_machine):
        assert held_throughout(scatter(random), independent) >= LEAST_HELD
    for rho, most_held in ((0.2, LEAST_HELD), (0.4, 0.85)):
        assert held_throughout(remembering(rho)(random), independent) < most_held


def test_the_ordinary_interval_held_here_is_the_one_of_the_report() -> None:
    values = normal(np.random.default_rng(4))[0]
    for count in (2, 7, LONGEST):
        known = mean_interval([float(value) for value in values[:count]])
        assert known.high is not None
        assert known.high - known.value == pytest.approx(float(ordinary(values[:count], ALPHA)))


@pytest.mark.parametrize(("rho", "most_wrong"), [pytest.param(0.0, 0.05, marks=pytest.mark.slow), (0.2, 0.05 + 0.008)])
def test_of_a_whole_table_no_figure_is_wrong_in_95_of_100(rho: float, most_wrong: float) -> None:
    random = np.random.default_rng(5)
    right = np.ones(RUNS, dtype=bool)
    for _ in range(ROWS * MEASURES):
        right &= holds(remembering(rho)(random), reach, ALPHA / (ROWS * MEASURES)).all(axis=1)
    assert 1 - right.mean() <= most_wrong


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 30])
def test_evidence_is_a_fair_game_from_every_block_to_the_next(count: int) -> None:
    # of values seen without their scale, the next one over the root of their sum of squares is t(count)/√count.
    values = np.random.default_rng(6).normal(0.4, 1, count)
    before = 1.0 if count == 1 else evidence(values)
    size = math.sqrt(float((values**2).sum()))

    def weighed(angle: float) -> float:
        step = math.sinh(angle)
        following = np.append(values, step * size / math.sqrt(count))
        return evidence(following) * float(student.pdf(step, count)) * math.cosh(angle)

    after, _ = quad(weighed, -15, 15, limit=500, points=[0])
    assert after == pytest.approx(before, rel=1e-4)


def evidence(values: Values) -> float:
    """Evidence of values against a mean of 0."""
    return e_value(values.size, float(values.mean() / values.std(ddof=1) * math.sqrt(values.size)))


def e_value(count: int, t: float) -> float:
    """Evidence of ``count`` values against a mean from which theirs lies ``t`` standard errors.

    The likelihood ratio of their t statistics: a mean of N(0, c² variance) over this one.
    """
    k = 1 + count * MIXED
    x = t**2 / (count - 1)
    return math.exp((math.log((1 + x) / (1 + x / k)) * count - math.log(k)) / 2)


@pytest.mark.parametrize("alpha", [ALPHA, ALPHA / (ROWS * MEASURES)])
def test_the_interval_ends_where_the_evidence_is_enough(alpha: float) -> None:
    for count in (6, 8, 30, 1000):
        assert e_value(count, multiplier(count, alpha)) == pytest.approx(1 / alpha)


@pytest.mark.parametrize(("comparisons", "first"), [(1, 4), (ROWS * MEASURES, 6)])
def test_too_few_blocks_have_no_bounds(comparisons: int, first: int) -> None:
    values = [1.0, 1.1, 0.9, 1.2, 1.0, 0.8]
    for count in range(1, first):
        known = anytime_interval(values[:count], comparisons=comparisons)
        assert (known.low, known.high, known.blocks) == (None, None, count)
    assert anytime_interval(values[:first], comparisons=comparisons).low is not None
    assert math.isnan(anytime_interval([]).value)


def test_no_spread_at_all_is_no_uncertainty_but_not_of_too_few() -> None:
    assert anytime_interval([2.0] * 3).low is None
    known = anytime_interval([2.0] * 4)
    assert (known.low, known.high) == (2.0, 2.0)


# Times the ordinary interval: of independent blocks without the allowance, and on average with it.
@pytest.mark.parametrize(
    ("count", "without", "allowance"), [(4, 2.27, 1.54), (8, 1.78, 1.41), (16, 1.74, 1.32), (32, 1.74, 1.22)]
)
def test_what_it_costs_to_look_at_any_time(count: int, without: float, allowance: float) -> None:
    values = normal(np.random.default_rng(7))[:, :count]
    assert (independent(values, ALPHA) / ordinary(values, ALPHA)).mean() == pytest.approx(without, abs=0.005)
    assert (reach(values, ALPHA) / independent(values, ALPHA)).mean() == pytest.approx(allowance, abs=0.015)


def test_the_bound_of_a_correlation_is_above_it_and_ends() -> None:
    assert correlation_bound(remembering(0.4)(np.random.default_rng(8)), 1.0).mean() > 0.4
    assert correlation_bound(np.arange(60.0), 0.5) == 0.5
    assert correlation_bound(np.array([1.0, -1.0] * 30), 0.5) == 0.0
