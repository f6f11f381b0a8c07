"""Evidence to numbers: load each trial, hand it to statistics, gather what the report draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from harness.analysis.cells import (
    Measured,
    by_block,
    cell_of,
    cpu_cores,
    latencies_ns,
    measured_of,
    name_of,
    throughput_rps,
)
from harness.analysis.measure_warnings import set_aside, warnings
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

Measurements = Mapping[CellName, Sequence[Measured]]


def analyse(store: Store, record: RunRecord) -> Measures:
    """Compute all numbers of a comparison from its evidence; trials that did not end are left out."""
    trials: dict[CellName, list[Measured]] = defaultdict(list)
    for trial in record.plan.trials:
        measured = measured_of(store, trial)
        if measured is not None:
            trials[name_of(trial)].append(measured)
    scenarios = {scenario.name: scenario for scenario in record.scenarios}
    cells = tuple(cell_of(name, measured) for name, measured in trials.items() if name.target in record.plan.targets)
    # a cell in which one target never answered, or never ran, has no ratio
    comparisons = tuple(c for c in _comparisons(record.plan.targets, trials, scenarios) if c.ratio.blocks)
    return Measures(
        cells=cells,
        comparisons=comparisons,
        probe_overheads=tuple(observed(record.targets, comparisons)),
        framework_overheads=tuple(_overheads(record, trials, scenarios)),
        wire=store.wire(),
        timelines=tuple(_timelines(store, record)),
        warnings=(*warnings(cells, trials, record), *set_aside(store, record)),
    )


def _comparisons(targets: Sequence[str], trials: Measurements, scenarios: dict[str, Scenario]) -> Iterable[Comparison]:
    """Compare the first target with each other one, over the blocks in which both have a trial."""
    for name, measured in trials.items():
        if name.target != targets[0]:
            continue
        for other in targets[1:]:
            first = by_block(measured)
            second = by_block(trials.get(replace(name, target=other), []))
            both = sorted(first.keys() & second.keys())
            for metric, of_block in METRICS.items():
                # a fixed offered rate fixes the throughput: only the waiting can differ
                if metric == "throughput" and scenarios[name.scenario].shape.pace_s is not None:
                    continue
                yield compare(
                    name,
                    other,
                    metric,
                    [of_block(first[block]) for block in both],
                    [of_block(second[block]) for block in both],
                )


def _overheads(record: RunRecord, trials: Measurements, scenarios: dict[str, Scenario]) -> Iterable[FrameworkOverhead]:
    """Hold each target against its bare application, over the blocks in which both have a trial."""
    bare = [name for name, scenario in scenarios.items() if not scenario.reaches_database]
    for target in (target for target in record.targets if target.name in record.plan.targets and target.reference):
        for scenario in bare:
            name = CellName(scenario=scenario, added_ms=0, target=target.name)
            own = by_block(trials.get(name, []))
            reference = by_block(trials.get(replace(name, target=target.reference), []))
            both = [(own[block], reference[block]) for block in sorted(own.keys() & reference.keys())]
            if both:
                rates = [(throughput_rps(one), throughput_rps(other)) for one, other in both]
                costs = [(_processor_s(one), _processor_s(other)) for one, other in both]
                yield FrameworkOverhead(
                    scenario=scenario,
                    target=target.name,
                    reference=target.reference,
                    throughput_rps=mean_interval([one for one, _ in rates]),
                    reference_rps=mean_interval([other for _, other in rates]),
                    kept=ratio_interval([one for one, _ in rates], [other for _, other in rates]),
                    processor=ratio_interval([one for one, _ in costs], [other for _, other in costs]),
                )


def _processor_s(block: Sequence[Measured]) -> float:
    """Return the processor time of the target for each request that ended well, in seconds; nan without one."""
    answered = sum(len(trial.ok) for trial in block)
    used_s = sum(cpu_cores([trial])["target"] * trial.record.window.duration_s for trial in block)
    return used_s / answered if answered else float("nan")


def _p50_ms(block: Sequence[Measured]) -> float:
    taken_ns = latencies_ns(block, "intended_ns")
    return float(np.median(taken_ns)) / 1e6 if taken_ns.size else float("nan")


METRICS: Mapping[Literal["throughput", "p50"], Callable[[Sequence[Measured]], float]] = {
    "throughput": throughput_rps,
    "p50": _p50_ms,
}


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
