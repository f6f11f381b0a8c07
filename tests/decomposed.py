"""A ratio that was taken apart: a summary of it, and stored evidence of a run that does so."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

from harness.analysis.stats.decomposition import decomposed
from harness.experiments.comparison.plan import all_places, with_block
from harness.model.evidence import Sample, Slice, Window
from harness.model.measures import Comparison
from harness.model.plan import Decomposition, Factor, Plan, Trial
from harness.model.run_records import RunRecord, TrialRecord
from harness.store import Store
from targets.catalog import CATALOG, MODEL_AND_DRIVERS
from tests.evidence import MS, op
from tests.report_fixture import PROFILE, SCENARIOS, SUMMARY, cell, comparison, plan_of
from tests.stored_run import record_of, write_ops

FOUR = ("async", "sync", "async:psycopg", "sync:psycopg")  # not in the order of the chain
CHAIN = Decomposition(
    factors=(
        Factor(name="first hop", kind="the hops", first="a", second="b"),
        Factor(name="the leap", kind="the leap", first="b", second="c"),
        Factor(name="last hop", kind="the hops", first="c", second="d"),
    )
)


def ratios(scenario: str, added_ms: int, *values: float, metric: str = "throughput") -> list[Comparison]:
    """The whole and then each factor, sure where it is 5 % away from 1."""
    pairs = [MODEL_AND_DRIVERS.whole, *((factor.first, factor.second) for factor in MODEL_AND_DRIVERS.factors)]
    words = ["first" if value > 1.05 else "second" if value < 0.95 else "not_significant" for value in values]
    return [
        replace(comparison(scenario, added_ms, value, word, metric), first=first, second=second)
        for value, word, (first, second) in zip(values, words, pairs, strict=True)
    ]


ALL_RATIOS = [
    *ratios("ping", 0, 1.5, 1.0, 1.5, 1.0),
    *ratios("write", 0, 1.43, 1.2, 1.1, 1.08),
    *ratios("write", 20, 1.02, 1.01, 1.0, 1.01),
    *ratios("mixed", 0, 0.8, 0.9, 1.0, 0.89, metric="p50"),
    *ratios("write", 0, 0.7, 0.8, 1.01, 0.87, metric="processor"),
]
DECOMPOSED = replace(
    SUMMARY,
    plan=replace(plan_of(FOUR, SCENARIOS), decomposition=MODEL_AND_DRIVERS),
    targets=tuple(CATALOG[name] for name in FOUR),
    measures=replace(
        SUMMARY.measures,
        cells=tuple(cell("write", added_ms, target) for added_ms in (0, 20) for target in FOUR),
        comparisons=tuple(one for one in ALL_RATIOS if (one.first, one.second) == MODEL_AND_DRIVERS.whole),
        decomposed=tuple(decomposed(MODEL_AND_DRIVERS, ALL_RATIOS)),
        garbage=(),
        wire=(),
        timelines=(),
        probe_overheads=(),
    ),
)


def stored(
    folder: Path,
    mean_ops: Mapping[str, int],
    *,
    stopped: str = "",
    known: Decomposition | None = CHAIN,
    direct_twins: Mapping[str, str] = {},
    samples: tuple[Sample, ...] = (),
) -> tuple[Store, RunRecord]:
    """Store a run of writes in 4 blocks of 8 rounds, of so many requests a slice, give or take a quarter.

    The machine holds up one slice of the ``stopped`` target in each block, and none of the others. Of targets that are
    ``direct_twins`` of others, the cost of the proxy is measured; ``samples`` are of every trial.
    """
    compared = tuple(name for name in mean_ops if name not in direct_twins.values())
    scenario = SCENARIOS[1]
    profile = replace(PROFILE, scenarios=(scenario.name,), added_ms=(0,))
    plan = Plan(
        profile=profile,
        targets=compared,
        directs=tuple(direct_twins.values()),
        trials=(),
        seed=1,
        sliced=True,
        decomposition=known,
    )
    for _ in range(4):
        plan = with_block(plan, {scenario.name: scenario}, all_places(plan, {scenario.name: scenario}))
    targets = [
        replace(CATALOG["async"], name=name, reference="", direct_twin=direct_twins.get(name, "")) for name in mean_ops
    ]
    record = record_of(plan, targets, [scenario])
    store = Store.create(folder, "20260101-000000")
    store.write_record(record)
    random = Random(1)  # noqa: S311 - to be repeated, no secret
    for trial in plan.trials:
        counts = [round(mean_ops[trial.target] * random.uniform(0.75, 1.25)) for _ in range(8)]
        if trial.target == stopped:
            counts[3] = 2
        _store_trial(store, trial, counts, samples)
    return store, record


def _store_trial(store: Store, trial: Trial, counts: list[int], samples: tuple[Sample, ...]) -> None:
    """Store a trial in slices of 100 ms, each with so many requests, which cost 40 ms of processor time in all."""
    starts_ms = [1000 * number for number in range(len(counts))]
    ended_ns = [
        round((start + 21 + 78 * place / count) * MS)
        for start, count in zip(starts_ms, counts, strict=True)
        for place in range(count)
    ]
    took = 5 * MS
    ops = [
        replace(op(number, key=""), intended_ns=ended - took, started_ns=ended - took, ended_ns=ended)
        for number, ended in enumerate(ended_ns)
    ]
    write_ops(store, trial, ops, batches=1)
    slices = tuple(
        Slice(
            start_ns=start * MS,
            counted_ns=(start + 20) * MS,
            stop_ns=(start + 100) * MS,
            over_ns=(start + 110) * MS,
            # one in which hardly anything ended was stopped by the machine, and worked as little
            processor_s={"target": 0.04 if count > 2 else 0.002},
        )
        for start, count in zip(starts_ms, counts, strict=True)
    )
    window = Window(start_ns=slices[0].counted_ns, end_ns=slices[-1].stop_ns)
    store.write_trial(TrialRecord(trial=trial, window=window, samples=samples, faults=(), ledger=None, slices=slices))
