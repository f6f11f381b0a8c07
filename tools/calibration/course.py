"""What a calibration runs: comparisons of which the answer is known beforehand.

By its plan 92 minutes: 6 × 4 of a target against itself, 5 × 8 and 20 × 1 against a slower one, and a quarter of a
minute for each run to start and to report.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from targets.catalog import TWINS

TWIN_NAMES = tuple(TWINS)
# Five rows, each with a throughput and a processor time: 10 comparisons a run.
SAME_SCENARIOS, SAME_ADDED_MS = ("ping", "point-read", "write"), (0, 20)
SAME_RUNS, SAME_S = 6, 240.0
SLOWED_SCENARIO = "point-read"
SLOWED_RUNS = {5: (5, 480.0), 20: (20, 60.0)}  # percent: how many runs, and the seconds of each
SHORTEST_S = 10.0  # that the command line takes


@dataclass(frozen=True, kw_only=True)
class Step:
    """One run: the first of two ``targets`` is a twin, the other the same, or slower by ``percent``.

    ``name`` is that of its folder. With ``blocks`` it has so many of every row, and ``seconds`` don't matter.
    """

    name: str
    targets: tuple[str, str]
    scenarios: tuple[str, ...]
    added_ms: tuple[int, ...]
    seconds: float
    seed: int
    percent: int = 0
    blocks: int = 0


def course(seed: int, share: float = 1.0) -> list[Step]:
    """Return all runs in an order drawn by ``seed``, each for a ``share`` of its time.

    They are mixed, so that a bad hour of the machine meets all kinds of them.
    """
    steps = [*_same(seed, share), *_slowed(seed, share)]
    return Random(seed).sample(steps, len(steps))  # noqa: S311 - an order to be repeated, no secret


def _same(seed: int, share: float) -> Iterator[Step]:
    for number in range(SAME_RUNS):
        twin = TWIN_NAMES[number % len(TWIN_NAMES)]
        name = f"again-{twin}-{number + 1}"
        yield Step(
            name=name,
            targets=(twin, f"{twin}:again"),
            scenarios=SAME_SCENARIOS,
            added_ms=SAME_ADDED_MS,
            seconds=max(SAME_S * share, SHORTEST_S),
            seed=_seed(seed, name),
        )


def _slowed(seed: int, share: float) -> Iterator[Step]:
    for percent, (runs, seconds) in SLOWED_RUNS.items():
        for number in range(runs):
            twin = TWIN_NAMES[number % len(TWIN_NAMES)]
            name = f"slower-{percent}-{twin}-{number + 1}"
            yield Step(
                name=name,
                targets=(twin, f"{twin}:slower-{percent}"),
                scenarios=(SLOWED_SCENARIO,),
                added_ms=(0,),
                seconds=max(seconds * share, SHORTEST_S),
                seed=_seed(seed, name),
                percent=percent,
            )


def _seed(seed: int, name: str) -> int:
    return Random(f"{seed}/{name}").getrandbits(32)  # noqa: S311 - a run to be repeated, no secret
