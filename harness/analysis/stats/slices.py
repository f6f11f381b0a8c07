"""A target that was served in turns with others, in short slices: its rate, without slices that the machine held up.

A target's own periodic costs, such as garbage collections, belong to its rate; a machine that stands still does not.
A trimmed mean or a median over slices hides both. Totals hide neither: where 3 % of slices stand still for 0.5 s, runs
scatter more than five times as much as usual. Totals without slices that took more than three times the usual time a
request, and in which the target worked less than half as much as usual, scatter as usual, and hold all that a target
does itself. Slices at half speed stay in, and can do no more than twice their share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import numpy as np
from scipy.special import bdtr

Counted = tuple[float, float]  # requests that ended, and the seconds (of the clock, or of a processor) they took

# Reached by a pause of two thirds of a slice, where it falls at the beginning and leaves time for few requests.
HELD_UP = 3.0
# Of the processor time that a target uses at other times: one that does something itself uses more, not less.
WORKED = 0.5
# Of fewer slices the median may itself be one that was held up.
MIN_SLICES = 5
# As many as there are clients. Of one quick run, intervals were 33 % wide with single rounds (12 requests), 35 % with
# 16 requests, 50 % with 32 and 70 % with 64: few units have wide intervals.
LEAST_ENDED = 16
CHANCE = 0.05


def are_held_up(rates: Sequence[Counted], costs: Sequence[Counted]) -> list[bool]:
    """Say of each slice of a row whether the machine held it up.

    It took far longer than usual for each request (one in which nothing ended took for ever), and the target did not
    work meanwhile: one that collects garbage does.

    Args:
        rates: Requests and seconds of the clock, of each slice.
        costs: The same slices, with seconds of a processor that the target used.
    """
    if len(rates) < MIN_SLICES:
        return [False] * len(rates)
    took_s = [seconds / requests if requests > 0 else math.inf for requests, seconds in rates]
    worked = [used_s / seconds for (_, used_s), (_, seconds) in zip(costs, rates, strict=True)]
    most_s, least = HELD_UP * median(took_s), WORKED * median(worked)
    return [each_s > most_s and share < least for each_s, share in zip(took_s, worked, strict=True)]


def own_pauses(first: Sequence[int], second: Sequence[int]) -> bool:
    """Say whether slices are held up by a target itself and not by the machine.

    The machine does not know whose slice it is: where slices are as many for either and their order is random, those
    that it holds up fall evenly, and a binomial test says whether they did. If not, they are a target's own cost and
    count: use totals. Pauses of three slices' length, 1.5 a block, are found after 8 blocks; until then the ratio is
    up to their whole share off. Pauses of less than two thirds of a slice are never left out.

    Args:
        first: Slices that were held up, of each block of the run.
        second: The same of the other target.
    """
    ones, others = sum(first), sum(second)
    # Of a fair coin either side is as likely. scipy.stats has the same test, and takes a second to import.
    return ones + others > 0 and 2 * float(bdtr(min(ones, others), ones + others, 0.5)) < CHANCE


def rate(rates: Sequence[Counted], costs: Sequence[Counted]) -> float:
    """Return the requests a second of all slices but those that the machine held up; 0 without a second."""
    left_in = [one for one, held_up in zip(rates, are_held_up(rates, costs), strict=True) if not held_up]
    seconds = sum(one[1] for one in left_in)
    return sum(one[0] for one in left_in) / seconds if seconds > 0 else 0.0


def log_rate_ratios(first: Sequence[Counted], second: Sequence[Counted]) -> list[float]:
    """Return the logarithm of the ratio of two rates as one value a unit, of which it is the mean.

    The rates are of totals, as those of the long run are: a mean of the logarithms of short slices would be too low
    for a target whose rate varies more. How far each unit is off them is by the delta method for ratios (Cochran,
    "Sampling Techniques", 1977, chapter 6), to the first order. Empty where either has no rate.

    A unit is as many rounds as hold ``LEAST_ENDED`` requests of the slower target: where clients' requests end in
    clusters, a slice has a whole one or none.

    Args:
        first: The slices of one target, one of each round.
        second: Those of the other, of the same rounds in the same order.
    """
    if not first:
        return []
    counted = np.array([[*one, *other] for one, other in zip(first, second, strict=True)])
    means = counted.mean(axis=0)
    if not means.all():
        return []
    together = math.ceil(LEAST_ENDED / min(means[0], means[2]))
    starts = np.arange(max(1, len(counted) // together)) * together
    units = np.add.reduceat(counted, starts)
    shares = units / units.mean(axis=0)
    centre = math.log(means[0] / means[1] * means[3] / means[2])
    return [float(value) for value in centre + shares[:, 0] - shares[:, 1] - shares[:, 2] + shares[:, 3]]
