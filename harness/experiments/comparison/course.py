"""The course of a comparison: which rows are due, by what has been measured so far, and when it is over."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from harness.analysis.cells import Measured, measured_of, name_of
from harness.analysis.measures import compared
from harness.experiments.base import Run
from harness.experiments.comparison.budget import Budget, Gone, Place, widest
from harness.experiments.comparison.plan import all_places, with_block
from harness.model.measures import CellName
from harness.model.plan import Scenario, Trial


class Course:
    """What a comparison has run so far, and what it decides to run next."""

    def __init__(self, run: Run, scenarios: Mapping[str, Scenario]) -> None:
        profile = run.plan.profile
        self._run, self._scenarios, self._plan = run, scenarios, run.plan
        self._budget = Budget(seconds=profile.seconds, precision=profile.precision, blocks=profile.blocks)
        self._places = all_places(run.plan, scenarios)
        self._measured: dict[CellName, list[Measured]] = defaultdict(list)
        self._widths: dict[Place, float] = {}
        self._gone = Gone()
        self._began_s = time.monotonic()
        what, total = ("blocks", profile.blocks) if profile.blocks else ("seconds", round(profile.seconds))
        run.progress.began(what, total)

    def due(self) -> list[Place]:
        """Return the rows that the next block is to have; none if the comparison is over."""
        return self._budget.due(self._places, self._widths, self._gone)

    def blocks(self, most: int) -> Iterator[Sequence[Trial]]:
        """Yield the trials of one block after the other, as they become due, and take in what each has left."""
        for _ in range(most):
            if not (places := self.due()):
                return
            before = len(self._plan.trials)
            self._plan = with_block(self._plan, self._scenarios, places)
            self._run.store.write_plan(self._plan)
            yield self._plan.trials[before:]
            self._take_in(self._plan.trials[before:])

    def interrupted(self) -> None:
        """Keep the rows that have been run to their end, if there is a whole block of them, as a run that ends here."""
        if self._gone.blocks:
            done = {_row(trial) for trial in self._plan.trials}
            done -= {_row(trial) for trial in self._plan.trials if not self._run.store.is_over(trial)}
            kept = tuple(trial for trial in self._plan.trials if _row(trial) in done)
            self._run.store.write_plan(replace(self._plan, trials=kept), "interrupted")

    def over(self) -> None:
        """Note why there is no more to be run."""
        widths = [self._widths.get(place, math.inf) for place in self._places]
        self._run.store.write_plan(self._plan, self._budget.why_over(widths))

    def _take_in(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            if measured := measured_of(self._run.store, trial):
                self._measured[name_of(trial)].append(measured)
        comparisons = list(compared(self._plan, self._measured, self._scenarios))
        self._widths = widest(comparisons)
        before_s = self._gone.seconds
        self._gone.blocks += 1
        self._gone.rows += len({_row(trial) for trial in trials})
        self._gone.seconds = time.monotonic() - self._began_s
        by = 1 if self._budget.blocks else self._gone.seconds - before_s
        self._run.progress.step(by)
        self._run.progress.show(comparisons)


def _row(trial: Trial) -> tuple[int, Place]:
    """Return what is run together: a block's trials of one scenario at one added latency."""
    return trial.block, (trial.scenario, trial.added_ms)
