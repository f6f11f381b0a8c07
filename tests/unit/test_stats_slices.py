"""A ratio must not be carried away by a machine that stands still, nor hide what a target does itself."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.analysis.stats.anytime import reach
from harness.analysis.stats.slices import Counted, are_held_up, log_rate_ratios, own_pauses, rate

RATE, SLICE_S, PAUSE_S, PERIOD = 800.0, 0.05, 0.05, 430
NOISE = 0.1  # of a slice
ROUNDS = 120
RUNS = 200
PAUSING = -math.log(1 + PAUSE_S * RATE / PERIOD)  # what pauses cost in the long run

Slices = tuple[list[Counted], list[Counted]]


def served(
    random: np.random.Generator, count: int = ROUNDS, pause_s: float = 0.0, slow: float = 0.0, stopped: float = 0.0
) -> Slices:
    """Slices of a target, by the clock and by its processor; it goes on in each where it was stopped in the last.

    It pauses after every 430 requests, in which it works; the machine slows down or stops a share of slices.
    """
    left, pausing_s = random.uniform(0, PERIOD), 0.0
    rates, costs = [], []
    for _ in range(count):
        pace = RATE * math.exp(random.normal(0, NOISE)) * (0.5 if random.random() < slow else 1)
        requests, free_s = 0.0, SLICE_S
        while free_s > 0:
            waited_s = min(pausing_s, free_s)
            pausing_s, free_s = pausing_s - waited_s, free_s - waited_s
            wanted = min(left, free_s * pace)
            requests, left, free_s = requests + wanted, left - wanted, free_s - wanted / pace
            if left <= 0:
                pausing_s, left = pause_s, PERIOD
        worked_s, seconds = SLICE_S, SLICE_S
        if random.random() < stopped:
            # the clock goes on where nothing is served, and the slice is over
            part = random.random()
            requests, worked_s, seconds = part * requests, part * worked_s, part * SLICE_S + 0.5
        rates.append((requests, seconds))
        costs.append((requests, worked_s))
    return rates, costs


def log_ratio(first: Slices, second: Slices) -> float:
    """The logarithm of the ratio of two rates; nan where either is none."""
    of = [rate(*first), rate(*second)]
    return math.log(of[0] / of[1]) if min(of) > 0 else math.nan


def errors(truth: float, **of_both: float) -> tuple[float, float]:
    """Mean and standard deviation of what runs miss, where the first target pauses."""
    random = np.random.default_rng(1)
    pause_s = PAUSE_S if truth else 0.0
    logs = [log_ratio(served(random, pause_s=pause_s, **of_both), served(random, **of_both)) for _ in range(RUNS)]
    return float(np.mean(logs)) - truth, float(np.std(logs))


@pytest.mark.parametrize("stopped", [0.0, 0.03])
def test_what_a_target_does_itself_counts(stopped: float) -> None:
    bias, scatter = errors(PAUSING, stopped=stopped)
    assert abs(bias) < 0.005  # of a cost of 8.9 %
    assert scatter < 0.03


def test_what_two_targets_do_alike_counts_for_both() -> None:
    """Collections of both fall evenly, as what the machine does; and one that works was not held up."""
    random = np.random.default_rng(4)
    rates, costs = served(random, pause_s=0.2)
    assert any(requests == 0 for requests, _ in rates)
    assert not any(are_held_up(rates, costs))
    assert rate(rates, costs) == pytest.approx(sum(one[0] for one in rates) / sum(one[1] for one in rates))


def test_a_machine_that_stands_still_carries_nothing_away() -> None:
    usual, kept = (errors(0, **case)[1] for case in ({}, {"stopped": 0.03}))
    assert kept < 1.2 * usual
    random = np.random.default_rng(1)
    totals = [_totals(served(random, stopped=0.03)) / _totals(served(random, stopped=0.03)) for _ in range(RUNS)]
    assert np.std(np.log(totals)) > 5 * usual


def _totals(slices: Slices) -> float:
    return sum(one[0] for one in slices[0]) / sum(one[1] for one in slices[0])


def test_slices_at_half_speed_do_no_more_than_their_share() -> None:
    bias, scatter = errors(0, slow=0.03)
    assert abs(bias) < 0.01
    assert scatter < 0.03


@pytest.mark.parametrize("slices", [[], [(0, 0.1)] * 9])
def test_a_target_without_a_rate_has_no_ratio(slices: Sequence[Counted]) -> None:
    assert rate(slices, slices) == 0
    usual = [(80, 0.1)] * len(slices)
    assert log_rate_ratios(slices, usual) == []
    assert log_rate_ratios(usual, slices) == []


def test_a_slice_in_which_nothing_ended_nor_worked_is_left_out_unless_slices_are_few() -> None:
    usual, idle, busy = [(80.0, 0.1)], [(0.0, 0.01)], [(0.0, 0.1)]
    stopped = [(0.0, 0.1)]
    assert are_held_up([*usual * 4, *stopped], [*usual * 4, *idle]) == [False] * 4 + [True]
    assert not any(are_held_up([*usual * 4, *stopped], [*usual * 4, *busy]))
    assert not any(are_held_up([*usual * 3, *stopped], [*usual * 3, *idle]))
    assert rate([*usual * 4, *stopped], [*usual * 4, *idle]) == pytest.approx(800)


def test_long_pauses_of_a_target_are_told_from_those_of_the_machine() -> None:
    assert own_pauses([3, 4, 2], [0] * 3)
    assert own_pauses([0] * 3, [3, 4, 2])
    assert not own_pauses([3, 4, 2], [4, 2, 4])
    assert not own_pauses([0], [0])


def test_rounds_add_up_to_the_ratio_of_totals() -> None:
    random = np.random.default_rng(2)
    first, second = (served(random, 40, slow=0.3)[0] for _ in range(2))
    values = log_rate_ratios(first, second)
    assert len(values) == 40
    assert np.mean(values) == pytest.approx(math.log(_totals((first, [])) / _totals((second, []))))
    assert log_rate_ratios(second, first) == pytest.approx([-value for value in values])
    assert log_rate_ratios([(200, 1.0)] * 5, [(100, 1.0)] * 5) == pytest.approx([math.log(2)] * 5)


@pytest.mark.parametrize(("each", "units"), [(16, 13), (15, 6), (8, 6), (4, 3), (2, 1), (1, 1)])
def test_a_unit_has_at_least_16_requests_of_either(each: int, units: int) -> None:
    few, many = [(each, 1.0)] * 13, [(1000, 1.0)] * 13
    for first, second in ((few, many), (many, few), (few, few)):
        assert len(log_rate_ratios(first, second)) == units


def test_a_round_in_which_nothing_ended_counts_where_its_logarithm_could_not() -> None:
    assert np.mean(log_rate_ratios([(300, 1.0), (0, 1.0)], [(150, 1.0), (150, 1.0)])) == pytest.approx(0)


def test_a_target_that_varies_more_is_not_told_to_be_slower() -> None:
    """Logarithms of short slices would tell so: half of them at 1.5 times the speed and half at 0.5."""
    uneven = [(150, 1.0), (50, 1.0)] * 20
    even = [(100, 1.0)] * 40
    assert np.mean(log_rate_ratios(uneven, even)) == pytest.approx(0)
    assert np.mean(np.log([one[0] / other[0] for one, other in zip(uneven, even, strict=True)])) < -0.14


def test_an_interval_of_rounds_holds_the_ratio_of_totals_in_95_of_100_whenever_it_is_looked_at() -> None:
    """Rounds of rates that vary by 40 % each, counted as whole requests, at every number of rounds from 6 to 60."""
    random = np.random.default_rng(3)
    wrong = 0
    for _ in range(400):
        first, second = ([(float(count), 1.0) for count in counts] for counts in uneven_counts(random))
        looks = (np.array(log_rate_ratios(first[:many], second[:many])) for many in range(6, 61, 2))
        wrong += any(abs(values.mean()) > float(reach(values, 0.05)) for values in looks)
    assert wrong / 400 <= 0.05 + 0.018  # 1.64 standard errors


def uneven_counts(random: np.random.Generator) -> NDArray[np.int64]:
    return random.poisson(80 * random.gamma(6, 1 / 6, size=(2, 60)))
