"""Evidence to numbers: load each trial, hand it to statistics, gather what the report draws."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product

import pandas as pd

from harness.analysis.cells import (
    Measured,
    cell_of,
    measured_trials,
    paired,
    set_aside,
    throughput_rps,
    warnings,
)
from harness.analysis.garbage import garbage_share, told_of_garbage
from harness.analysis.proxy_cost import proxy_costs
from harness.analysis.ratios import interval_of, log_ratios
from harness.analysis.stats.compare import Metric, compare
from harness.analysis.stats.cut_map import strips
from harness.analysis.stats.decomposition import decomposed
from harness.analysis.stats.eager_loading import page_costs
from harness.analysis.stats.intervals import exponential, mean_interval
from harness.analysis.stats.probe_overhead import kept, observed
from harness.analysis.stats.timeline import timeline
from harness.analysis.stats.under_fault import errors_met, longest_s
from harness.analysis.time_use import held_up_by_block, held_up_rows, time_use
from harness.model.cut_map import CutStrip
from harness.model.evidence import FaultRow, Sample
from harness.model.measures import (
    CellName,
    Comparison,
    FrameworkOverhead,
    Measures,
    PageCost,
    ProbeOverhead,
    Timeline,
)
from harness.model.plan import Plan, Scenario, Trial
from harness.model.run_records import RunRecord
from harness.model.write_status import recovered_s
from harness.store import Store

BIN_S = 0.25
Measurements = Mapping[CellName, Sequence[Measured]]


def analyse(store: Store, record: RunRecord) -> Measures:
    """Compute all numbers of a comparison from its evidence; trials that did not end are left out."""
    trials = measured_trials(store, record)
    scenarios = {scenario.name: scenario for scenario in record.scenarios}
    cells = {name: cell_of(name, measured) for name, measured in trials.items() if name.target in record.plan.targets}
    # a cell in which one target never answered, or never ran, has no ratio
    comparisons = tuple(c for c in compared(record.plan, trials, scenarios) if c.ratio.blocks)
    known = record.plan.decomposition
    whole = [c for c in comparisons if known is None or (c.first, c.second) == known.whole]
    return Measures(
        cells=tuple(cells.values()),
        comparisons=tuple(whole),
        decomposed=tuple(decomposed(known, comparisons)) if known else (),
        probe_overheads=tuple(observed(record.targets, comparisons)),
        framework_overheads=tuple(overheads(record, trials, scenarios)),
        proxy_costs=tuple(proxy_costs(record, trials)),
        garbage=tuple(garbage_share(name, measured) for name, measured in trials.items() if told_of_garbage(measured)),
        time_use=time_use(trials),
        held_up=tuple(held_up_rows(record.plan, trials, scenarios)),
        wire=store.wire(),
        timelines=tuple(_timelines(store, record, held_up_by_block(trials, scenarios))),
        warnings=(*warnings(cells, trials, record), *set_aside(store, record)),
    )


def compared(plan: Plan, trials: Measurements, scenarios: Mapping[str, Scenario]) -> Iterable[Comparison]:
    """Compare the pairs of the plan in every row.

    In a sliced plan intervals hold at any time, all of them together; else each for itself, after a fixed number of
    blocks.
    """
    pairs = []
    for name, other in ((name, other) for (first, other), name in product(plan.pairs, trials) if name.target == first):
        # a fixed offered rate fixes the throughput: only the waiting can differ
        by_load: Metric = "throughput" if scenarios[name.scenario].shape.pace_s is None else "p50"
        pairs += [(name, other, by_load), (name, other, "processor")]
    interval = interval_of(plan, len(pairs))
    for name, other, metric in pairs:
        yield compare(name, other, metric, log_ratios(metric, *paired(trials, name, other)), interval)


def overheads(record: RunRecord, trials: Measurements, scenarios: dict[str, Scenario]) -> Iterable[FrameworkOverhead]:
    """Hold each target against its bare application, where no database is reached."""
    targets = [target for target in record.targets if target.name in record.plan.targets and target.reference]
    bare = [name for name, scenario in scenarios.items() if not scenario.reaches_database]
    interval = interval_of(record.plan, 2 * len(targets) * len(bare))
    for target, scenario in product(targets, bare):
        name = CellName(scenario=scenario, added_ms=0, target=target.name)
        both = paired(trials, name, target.reference)
        if both[0]:
            rates, reference_rates = (mean_interval([*map(throughput_rps, blocks)]) for blocks in both)
            yield FrameworkOverhead(
                scenario=scenario,
                target=target.name,
                reference=target.reference,
                throughput_rps=rates,
                reference_rps=reference_rates,
                kept=exponential(interval(log_ratios("throughput", *both))),
                processor=exponential(interval(log_ratios("processor", *both))),
            )


def _timelines(store: Store, record: RunRecord, held_up: Counter[int]) -> Iterable[Timeline]:
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
            line = timeline(block, ops, faults, seen, origin_ns=int(ops["started_ns"].min()), bin_s=BIN_S)
            yield replace(line, held_up=held_up[block])


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
            errors=errors_met(evidence, window),
            longest_s=longest_s(evidence, window),
        )
        for evidence in known
        for window in evidence.faults
    )
