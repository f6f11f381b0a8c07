"""Evidence to numbers: load each trial, hand it to statistics, gather what the report draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Literal

import pandas as pd

from harness.analysis.cells import (
    Measured,
    by_block,
    cell_of,
    measured_trials,
    p50_ms,
    processor_s,
    set_aside,
    throughput_rps,
    warnings,
)
from harness.analysis.stats.compare import compare
from harness.analysis.stats.cut_map import strips
from harness.analysis.stats.eager_loading import page_costs
from harness.analysis.stats.intervals import mean_interval, ratio_interval
from harness.analysis.stats.probe_overhead import kept, observed
from harness.analysis.stats.timeline import timeline
from harness.model.evidence import Sample
from harness.model.measures import (
    CellName,
    Comparison,
    CutStrip,
    FaultRow,
    FrameworkOverhead,
    Measures,
    PageCost,
    ProbeOverhead,
    Timeline,
)
from harness.model.plan import Scenario, Trial
from harness.model.run_records import RunRecord
from harness.model.write_status import recovered_s
from harness.store import Store

BIN_S = 0.25
METRICS: Mapping[Literal["throughput", "p50"], Callable[[Sequence[Measured]], float]] = {
    "throughput": throughput_rps,
    "p50": p50_ms,
}
Measurements = Mapping[CellName, Sequence[Measured]]


def analyse(store: Store, record: RunRecord) -> Measures:
    """Compute all numbers of a comparison from its evidence; trials that did not end are left out."""
    trials = measured_trials(store, record)
    scenarios = {scenario.name: scenario for scenario in record.scenarios}
    cells = {name: cell_of(name, measured) for name, measured in trials.items() if name.target in record.plan.targets}
    # a cell in which one target never answered, or never ran, has no ratio
    comparisons = tuple(c for c in _comparisons(record.plan.targets, trials, scenarios) if c.ratio.blocks)
    return Measures(
        cells=tuple(cells.values()),
        comparisons=comparisons,
        probe_overheads=tuple(observed(record.targets, comparisons)),
        framework_overheads=tuple(_overheads(record, trials, scenarios)),
        wire=store.wire(),
        timelines=tuple(_timelines(store, record)),
        warnings=(*warnings(cells, trials, record), *set_aside(store, record)),
    )


def _comparisons(targets: Sequence[str], trials: Measurements, scenarios: dict[str, Scenario]) -> Iterable[Comparison]:
    """Compare the first target with each other one."""
    for name, other in product((name for name in trials if name.target == targets[0]), targets[1:]):
        first, second = _paired(trials, name, other)
        for metric, of_block in METRICS.items():
            # a fixed offered rate fixes the throughput: only the waiting can differ
            if metric == "p50" or scenarios[name.scenario].shape.pace_s is None:
                yield compare(name, other, metric, [*map(of_block, first)], [*map(of_block, second)])


def _paired(trials: Measurements, name: CellName, other: str) -> tuple[list[list[Measured]], list[list[Measured]]]:
    """Return the blocks in which a cell and the same of another target both have a trial."""
    first, second = (by_block(trials.get(cell, ())) for cell in (name, replace(name, target=other)))
    both = sorted(first.keys() & second.keys())
    return [first[block] for block in both], [second[block] for block in both]


def _overheads(record: RunRecord, trials: Measurements, scenarios: dict[str, Scenario]) -> Iterable[FrameworkOverhead]:
    """Hold each target against its bare application, where no database is reached."""
    targets = [target for target in record.targets if target.name in record.plan.targets and target.reference]
    bare = [name for name, scenario in scenarios.items() if not scenario.reaches_database]
    for target, scenario in product(targets, bare):
        name = CellName(scenario=scenario, added_ms=0, target=target.name)
        blocks, of_reference = _paired(trials, name, target.reference)
        if blocks:
            rates, reference_rates = [*map(throughput_rps, blocks)], [*map(throughput_rps, of_reference)]
            yield FrameworkOverhead(
                scenario=scenario,
                target=target.name,
                reference=target.reference,
                throughput_rps=mean_interval(rates),
                reference_rps=mean_interval(reference_rates),
                kept=ratio_interval(rates, reference_rates),
                processor=ratio_interval([*map(processor_s, blocks)], [*map(processor_s, of_reference)]),
            )


def _timelines(store: Store, record: RunRecord) -> Iterable[Timeline]:
    """One a block, over everything that was recorded: warm-up, measured window and drain."""
    blocks: dict[int, list[Trial]] = defaultdict(list)
    for trial in record.plan.trials:
        if trial.target in record.plan.targets:
            blocks[trial.block].append(trial)
    for block, planned in blocks.items():
        frames, faults = [], []
        seen: list[tuple[str, Sample]] = []
        for trial in planned:
            frame = store.ops_frame(trial)
            known = store.trial_record(trial)
            if frame is not None and len(frame):
                frames.append(frame.assign(target=trial.target))
            if known is not None:
                faults += [(one.injected_ns, one.healed_ns, one.detail, trial.added_ms) for one in known.faults]
                seen += [(trial.target, sample) for sample in known.samples]
        if frames:
            ops = pd.concat(frames)
            yield timeline(block, ops, faults, seen, origin_ns=int(ops["started_ns"].min()), bin_s=BIN_S)


def cut_strips(store: Store) -> tuple[CutStrip, ...]:
    """Lay out the cut map for the figure; empty if there is none."""
    cut_map = store.cuts()
    return tuple(strips(cut_map)) if cut_map else ()


def pages(store: Store) -> tuple[PageCost, ...]:
    """Return what pages cost by each loading strategy; empty if none was asked for."""
    return page_costs(store.pages())


def probe_overheads(store: Store) -> tuple[ProbeOverhead, ...]:
    """Return what probes cost, by their slices; empty if there are none."""
    return tuple(kept(store.slices()))


def cuts_per_s(store: Store) -> float:
    """Cuts a second, holds included; 0 if nothing was cut."""
    cut_map = store.cuts()
    return len(cut_map.cuts) / cut_map.duration_s if cut_map and cut_map.duration_s else 0.0


def fault_rows(store: Store, record: RunRecord) -> tuple[FaultRow, ...]:
    """Return every fault as it was observed, in the order in which they were injected."""
    injected = [trial for trial in record.plan.trials if trial.fault and trial.target in record.plan.targets]
    known = [evidence for trial in injected if (evidence := store.evidence(trial, record))]
    return tuple(
        FaultRow(
            trial=evidence.trial.id,
            target=evidence.trial.target,
            kind=window.kind,
            detail=window.detail,
            start_s=(window.injected_ns - record.started_ns) / 1e9,
            end_s=(window.healed_ns - record.started_ns) / 1e9,
            proof=window.proof,
            recovered_s=recovered_s(evidence),
            in_transaction=int(sum(read.value for read in evidence.samples if read.metric == "in_transaction")),
        )
        for evidence in known
        for window in evidence.faults
    )
