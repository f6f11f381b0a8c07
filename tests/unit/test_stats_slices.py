"""A block's ratio must not be carried away by a machine that stands still, nor hide what a target does itself."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from harness.analysis.stats.slices import HELD_UP, Slice, count_held_up, own_pauses, rate

RATE, SLICE_S, PAUSE_S, PERIOD, CLIENTS = 800.0, 0.1, 0.05, 430, 16
NOISE = 0.07  # of a slice: 3.3 % of the ratio of blocks of nine
BLOCKS = 400
PAUSING = -math.log(1 + PAUSE_S * RATE / PERIOD)  # what pauses cost in the long run


def block_log_ratio(first: Sequence[Slice], second: Sequence[Slice], held_up: float = HELD_UP) -> float:
    """The logarithm of the ratio of two rates; nan where either is none."""
    rates = [rate(first, held_up), rate(second, held_up)]
    return math.log(rates[0] / rates[1]) if min(rates) > 0 else math.nan


def served(
    random: np.random.Generator, count: int, pause_s: float = 0.0, slow: float = 0.0, stopped: float = 0.0
) -> list[Slice]:
    """Slices of a target: it pauses after every 430 requests, the machine slows down or stops a share of slices."""
    left = random.uniform(0, PERIOD)
    slices = []
    for _ in range(count):
        pace = RATE * math.exp(random.normal(0, NOISE)) * (0.5 if random.random() < slow else 1)
        requests, seconds = 0.0, 0.0
        # what is under way at the end of the slice is drained
        while seconds < SLICE_S:
            wanted = min(left, (SLICE_S - seconds) * pace)
            requests, seconds, left = requests + wanted, seconds + wanted / pace, left - wanted
            if left <= 0:
                seconds, left = seconds + pause_s, PERIOD
        requests, seconds, left = requests + CLIENTS, seconds + CLIENTS / pace, max(left - CLIENTS, 1)
        if random.random() < stopped:
            # the clock goes on where nothing is served, and the slice is over
            part = random.random()
            requests, seconds = part * requests, part * seconds + 0.5
        slices.append((requests, seconds))
    return slices


def errors(count: int, truth: float, held_up: float | None = None, **of_both: float) -> tuple[float, float]:
    """Mean and standard deviation of what blocks of ``count`` slices a target miss, where the first one pauses."""
    random = np.random.default_rng(1)
    pause_s = PAUSE_S if truth else 0.0
    logs = [
        block_log_ratio(
            served(random, count, pause_s, **of_both),
            served(random, count, **of_both),
            *(() if held_up is None else (held_up,)),
        )
        for _ in range(BLOCKS)
    ]
    return float(np.mean(logs)) - truth, float(np.std(logs))


@pytest.mark.parametrize("stopped", [0.0, 0.03])
def test_what_a_target_does_itself_counts(stopped: float) -> None:
    bias, scatter = errors(20, PAUSING, stopped=stopped)
    assert abs(bias) < 0.005  # of a cost of 8.9 %
    assert scatter < 0.03


def test_a_machine_that_stands_still_carries_no_block_away() -> None:
    usual, kept, totals = (
        errors(9, 0, **case)[1] for case in ({}, {"stopped": 0.03}, {"stopped": 0.03, "held_up": math.inf})
    )
    assert usual == pytest.approx(0.033, abs=0.003)
    assert kept < 1.15 * usual
    assert totals > 5 * usual


def test_slices_at_half_speed_do_no_more_than_their_share() -> None:
    bias, scatter = errors(9, 0, slow=0.03)
    assert abs(bias) < 0.01
    assert scatter < 0.07


def test_turning_a_block_round_turns_its_sign() -> None:
    random = np.random.default_rng(2)
    first, second = served(random, 9, stopped=0.1), served(random, 9, pause_s=PAUSE_S)
    assert block_log_ratio(first, second) == pytest.approx(-block_log_ratio(second, first))
    assert block_log_ratio([(10, 1.0)] * 5, [(5, 1.0)] * 5) == pytest.approx(math.log(2))


@pytest.mark.parametrize("slices", [[], [(0, 0.1)] * 9, [(10, 0.0)] * 9])
def test_a_target_without_a_rate_has_no_ratio(slices: Sequence[Slice]) -> None:
    assert math.isnan(block_log_ratio(slices, [(80, 0.1)] * 9))
    assert math.isnan(block_log_ratio([(80, 0.1)] * 9, slices))


def test_a_slice_in_which_nothing_ended_is_left_out_unless_slices_are_few() -> None:
    usual = [(80.0, 0.1)]
    assert count_held_up([*usual * 4, (0, 0.1)]) == 1
    assert count_held_up([*usual * 3, (0, 0.1)]) == 0
    assert block_log_ratio([*usual * 4, (0, 0.1)], usual * 5) == 0


def test_long_pauses_of_a_target_are_told_from_those_of_the_machine() -> None:
    random = np.random.default_rng(3)
    pausing = [count_held_up(served(random, 20, pause_s=0.3)) for _ in range(8)]
    disturbed = [[count_held_up(served(random, 20, stopped=0.03)) for _ in range(8)] for _ in range(2)]
    assert min(sum(one) for one in (pausing, *disturbed)) > 0
    assert own_pauses(pausing, [0] * 8)
    assert own_pauses([0] * 8, pausing)
    assert not own_pauses(*disturbed)
    assert not own_pauses([0], [0])
