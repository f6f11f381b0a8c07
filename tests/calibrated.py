"""Runs of a calibration: what came of them, and some that are stored."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.model.measures import Comparison, Measures
from harness.model.plan import Plan
from harness.store import Store
from scenarios.catalog import PROFILES, SCENARIOS
from tests.evidence import TRIAL
from tests.report_fixture import SUMMARY
from tests.stored_run import record_of
from tools.calibration.course import Step, course
from tools.calibration.outcome import Outcome, Prefix
from tools.calibration.workload import WORKLOAD

STEPS = course(1)
SAME = next(step for step in STEPS if not step.percent)
SLOWER = next(step for step in STEPS if step.percent == 20)


def comparison(word: str, metric: str = "throughput") -> Comparison:
    """An answer about two targets."""
    return replace(SUMMARY.measures.comparisons[0], word=word, metric=metric)


def came_of(step: Step, words: Sequence[str], prefixes: Sequence[str] = ()) -> Outcome:
    """A run that says so of each throughput, by all of its blocks and by its first two."""
    measures = Measures(comparisons=tuple(map(comparison, words)))
    first = tuple(Prefix(blocks=2, comparison=comparison(word)) for word in prefixes)
    return Outcome(step=step, summary=replace(SUMMARY, measures=measures), prefixes=first)


def same(different: int, of: int = 60) -> list[str]:
    """So many answers about a target and itself."""
    return ["first", "second"][:different] + ["first"] * (different - 2) + ["not_significant"] * (of - different)


def store_run(step: Step, folder: Path, *, finished: bool = True, summed_up: bool = True, blocks: int = 1) -> Store:
    """Store a run of a step that says that the second target is slower."""
    profile = replace(
        PROFILES["quick"], scenarios=step.scenarios, added_ms=step.added_ms, seconds=step.seconds, blocks=step.blocks
    )
    trials = tuple(
        replace(TRIAL, block=block, target=step.targets[0], scenario=step.scenarios[0])
        for block in range(1, blocks + 1)
    )
    record = record_of(
        Plan(profile=profile, targets=step.targets, trials=trials, seed=step.seed, sliced=True),
        [WORKLOAD.targets[name] for name in step.targets],
        [SCENARIOS[name] for name in step.scenarios],
        workload=WORKLOAD.name,
    )
    store = Store.create(folder, record.run)
    with store.sealed():
        store.write_record(record)
        if finished:
            store.finish(1.0)
    if summed_up:
        store.write_summary(came_of(step, ["first"]).summary)
    return store
