"""A target that was served in turns with others, in short slices: its rate, without slices that the machine held up.

A target's own periodic costs, such as garbage collections, belong to its rate; a machine that stands still does not.
A trimmed mean or a median over slices hides both: with a collection of 50 ms every 430 requests in slices of 0.1 s at
800 requests/s, a median is 6.4 % off and a mean without a fifth at either end 5.7 %. Totals hide neither: where 3 % of
slices stand still for 0.5 s, a block of 9 slices scatters by 28 % instead of 3.3 %. Totals without slices that took
more than three times the usual time a request are 0.2 % off at most, and scatter by 3.4 %. Slices at half speed stay
in: they look like a collection, and can do no more than twice their share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from scipy.special import bdtr

Slice = tuple[float, float]  # requests that ended, and the seconds (of the clock, or of a processor) they took

# Reached by a pause of two thirds of a slice, where it falls at the beginning and leaves time for few requests.
HELD_UP = 3.0
# Of fewer slices the median may itself be one that was held up.
MIN_SLICES = 5
CHANCE = 0.05


def count_held_up(slices: Sequence[Slice], held_up: float = HELD_UP) -> int:
    """Count the slices that are left out."""
    return len(slices) - len(kept(slices, held_up))


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


def rate(slices: Sequence[Slice], held_up: float = HELD_UP) -> float:
    """Return the requests a second of all slices but those that were held up; 0 without a second."""
    left_in = kept(slices, held_up)
    seconds = sum(one[1] for one in left_in)
    return sum(one[0] for one in left_in) / seconds if seconds > 0 else 0.0


def kept(slices: Sequence[Slice], held_up: float) -> Sequence[Slice]:
    """Leave out slices that took far longer than usual; one in which nothing ended took for ever."""
    if len(slices) < MIN_SLICES:
        return slices
    most = held_up * median(seconds / requests if requests > 0 else math.inf for requests, seconds in slices)
    return [one for one in slices if one[1] <= most * one[0]] if math.isfinite(most) else slices
