"""The four conditions, and whether they hold: what is equal is not told apart, and what is slower is found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.errors import ExitCode
from harness.model.measures import Comparison
from tools.calibration.course import SLOWED_RUNS
from tools.calibration.outcome import Outcome

SAME_COMPARISONS, MOST_DIFFERENT = 60, 6
LEAST_FOUND = {5: 4, 20: 16}  # percent: of the runs of ``SLOWED_RUNS``


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Of ``due`` answers, yes or no, at most ``limit`` may be yes, or ``at_least`` so many must be.

    ``answers`` are those by now.
    """

    says: str
    due: int
    limit: int
    at_least: bool
    answers: tuple[bool, ...]

    @property
    def holds(self) -> bool | None:
        """Whether it holds; None as long as answers are due."""
        if len(self.answers) < self.due:
            return None
        yes = sum(self.answers)
        return yes >= self.limit if self.at_least else yes <= self.limit


def is_different(comparison: Comparison) -> bool:
    """Return whether the whole interval lies beside 1."""
    return comparison.word in {"first", "second"}


def is_found(outcome: Outcome) -> bool:
    """Return whether the slowed target, which is the second, is said to serve fewer requests."""
    return any(one.metric == "throughput" and one.word == "first" for one in outcome.comparisons)


def conditions(outcomes: Sequence[Outcome]) -> tuple[Condition, ...]:
    """Return all four, by the runs that are there."""
    same = [one for one in outcomes if not one.step.percent]
    whole = [comparison for one in same for comparison in one.comparisons]
    prefixes = [prefix.comparison for one in same for prefix in one.prefixes]
    return (
        _equal("a target against itself is called different", whole),
        _equal("the same, by only the first blocks, as many as chance says", prefixes),
        *(
            Condition(
                says=f"a target that is slower by {percent} % is found in {seconds / 60:.0f} min",
                due=runs,
                limit=LEAST_FOUND[percent],
                at_least=True,
                answers=tuple(is_found(one) for one in outcomes if one.step.percent == percent),
            )
            for percent, (runs, seconds) in SLOWED_RUNS.items()
        ),
    )


def _equal(says: str, comparisons: Iterable[Comparison]) -> Condition:
    """Return the condition of comparisons of which none is different; those without an interval are no answer."""
    answers = tuple(is_different(one) for one in comparisons if one.word != "too_few_blocks")
    return Condition(says=says, due=SAME_COMPARISONS, limit=MOST_DIFFERENT, at_least=False, answers=answers)


def exit_code(judged: Iterable[Condition]) -> ExitCode:
    """Return 0 if all hold, 3 as long as one is open, and 1 if one does not hold."""
    states = {condition.holds for condition in judged}
    if None in states:
        return ExitCode.UNDECIDED
    return ExitCode.FAIL if False in states else ExitCode.PASS
