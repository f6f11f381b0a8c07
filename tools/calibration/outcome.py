"""What came of a run: its intervals as its report shows them, and the same of only its first blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from harness.analysis.cells import measured_trials
from harness.analysis.measures import Measurements, compared
from harness.errors import UsageError
from harness.model.measures import Comparison
from harness.model.run_records import RunRecord
from harness.model.summary import Summary
from harness.run import conclude
from harness.seal import MANIFEST
from harness.store import Store
from tools.calibration.course import Step


@dataclass(frozen=True, kw_only=True)
class Prefix:
    """A comparison by the first ``blocks`` blocks of a run alone."""

    blocks: int
    comparison: Comparison


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A run that came to its end; ``prefixes`` are of the comparisons of the whole, in their order."""

    step: Step
    summary: Summary
    prefixes: tuple[Prefix, ...] = ()

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The comparisons of the whole run."""
        return self.summary.measures.comparisons


def outcome(step: Step, folder: Path) -> Outcome | None:
    """Return what came of a step, of which the runs are stored in ``folder``; None if none came to its end.

    Raises:
        UsageError: The stored run is another than the step asks for.
        EvidenceUnreadable: It has changed since it ended.
    """
    sealed = (Store.open(path.parent) for path in sorted(folder.glob(f"*/{MANIFEST}")))
    store = next((one for one in sealed if one.record().took_s is not None), None)  # the others were interrupted
    if store is None:
        return None
    record = store.record()
    _require_same(step, record, store.folder)
    summary = store.summary() or conclude(store)  # one that was killed before its report was written
    prefixes = () if step.percent else tuple(_prefixes(store, record, Random(step.seed)))  # noqa: S311 - to be repeated
    return Outcome(step=step, summary=summary, prefixes=prefixes)


def _require_same(step: Step, record: RunRecord, folder: Path) -> None:
    plan, profile = record.plan, record.plan.profile
    for what, asked, found in (
        ("list of targets", step.targets, plan.targets),
        ("seed", step.seed, plan.seed),
        ("list of scenarios", step.scenarios, profile.scenarios),
        ("list of added latencies in ms", step.added_ms, profile.added_ms),
        ("number of blocks", step.blocks, profile.blocks),
        *(() if step.blocks else (("time in seconds", step.seconds, profile.seconds),)),
    ):
        if asked != found:
            raise UsageError(
                f"{folder} is of another calibration: its {what} is {found}, and that of this one is {asked}",
                "Name another folder by --out, or go on with the options that it was begun with",
            )


def _prefixes(store: Store, record: RunRecord, random: Random) -> Iterator[Prefix]:
    """Yield each comparison by the first few blocks, as many as chance says, but enough for an interval."""
    trials = measured_trials(store, record)
    scenarios = {scenario.name: scenario for scenario in record.scenarios}
    blocks = record.plan.blocks
    for number, whole in enumerate(compared(record.plan, trials, scenarios)):
        if not whole.ratio.blocks:
            continue  # as in the summary: a row that has nothing to compare
        for first in random.sample(range(1, blocks), blocks - 1):
            known = list(compared(record.plan, _first(trials, first), scenarios))[number]
            if known.word != "too_few_blocks":
                yield Prefix(blocks=first, comparison=known)
                break
        else:
            yield Prefix(blocks=blocks, comparison=whole)


def _first(trials: Measurements, blocks: int) -> Measurements:
    """Return what was measured in the first blocks."""
    return {name: [one for one in known if one.record.trial.block <= blocks] for name, known in trials.items()}
