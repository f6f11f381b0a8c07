"""Evidence to numbers: load each trial, hand it to statistics, gather what the report draws."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev
from typing import Literal

import numpy as np
import pandas as pd

from harness.analysis.stats.compare import compare
from harness.analysis.stats.cut_map import strips
from harness.analysis.stats.eager_loading import page_costs
from harness.analysis.stats.intervals import mean_interval, ratio_interval
from harness.analysis.stats.percentiles import histogram_ms, quantiles_ms
from harness.analysis.stats.phases import parts_ms
from harness.analysis.stats.probe_overhead import kept, observed
from harness.analysis.stats.timeline import timeline
from harness.model.evidence import Sample
from harness.model.measures import (
    Analysis,
    Cell,
    Comparison,
    CutStrip,
    FaultRow,
    FrameworkOverhead,
    Interval,
    PageCost,
    ProbeOverhead,
    Timeline,
)
from harness.model.plan import Scenario, Trial
from harness.model.records import RunRecord, TrialRecord
from harness.model.write_status import recovered_s
from harness.store import Store

BIN_S = 0.25
UNSTABLE_SPREAD = 0.10  # pyperf's bound for a coefficient of variation that it warns about
BUSY_GENERATOR_CORES = 0.9
BUSY_MACHINE_SHARE = 0.95
MIN_OPS = 100

CellKey = tuple[str, int, str]


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """A finished trial: its record, and the ops that ended inside the measured window."""

    record: TrialRecord
    ops: pd.DataFrame

    @property
    def ok(self) -> pd.DataFrame:
        """Ops that ended well."""
        return self.ops[self.ops["outcome"] == "ok"]


def analyse(store: Store, record: RunRecord) -> Analysis:
    """Compute all numbers of a run from its evidence; trials that did not end are left out."""
    trials: dict[CellKey, list[_Measured]] = defaultdict(list)
    for trial in record.plan.trials:
        measured = _measured(store, trial)
        if measured is not None:
            trials[trial.scenario, trial.added_ms, trial.target].append(measured)
    scenarios = {scenario.name: scenario for scenario in record.scenarios}
    cells = tuple(_cell(key, measured) for key, measured in trials.items() if key[2] in record.plan.targets)
    # a cell in which one target never answered, or never ran, has no ratio
    comparisons = tuple(c for c in _comparisons(record.plan.targets, trials, scenarios) if c.ratio.blocks)
    return Analysis(
        cells=cells,
        comparisons=comparisons,
        probe_overheads=tuple(observed(record.targets, comparisons)),
        framework_overheads=tuple(_overheads(record, trials, scenarios)),
        wire=store.wire(),
        timelines=tuple(_timelines(store, record)),
        warnings=(*_warnings(cells, trials, record), *_set_aside(store, record)),
    )


def _measured(store: Store, trial: Trial) -> _Measured | None:
    record = store.trial_record(trial)
    ops = store.ops_frame(trial)
    if record is None or ops is None:
        return None
    ended = ops["ended_ns"]
    inside = ops[(ended >= record.window.start_ns) & (ended < record.window.end_ns)]
    return _Measured(record=record, ops=inside)


def _cell(key: CellKey, measured: Sequence[_Measured]) -> Cell:
    scenario, added_ms, target = key
    ops = pd.concat([trial.ops for trial in measured])
    ok = ops[ops["outcome"] == "ok"]
    blocks = list(_by_block(measured).values())
    return Cell(
        scenario=scenario,
        added_ms=added_ms,
        target=target,
        trials=len(measured),
        ops=len(ops),
        not_ok=len(ops) - len(ok),
        throughput_rps=mean_interval([_throughput_rps(block) for block in blocks]),
        latency_ms=_quantiles(blocks, "intended_ns"),
        service_ms=_quantiles(blocks, "started_ns"),
        added_round_trip_ms=_added_round_trip_ms(measured, target),
        cpu_cores=_cpu_cores(measured),
        histogram_ms=histogram_ms(_latencies_ns(measured, "intended_ns")),
        parts_ms=parts_ms(
            [
                (
                    [sample for trial in block for sample in trial.record.samples if sample.metric == "took_s"],
                    [float(took) / 1e6 for trial in block for took in trial.ops["ended_ns"] - trial.ops["started_ns"]],
                )
                for block in blocks
            ]
        ),
    )


def _by_block(measured: Iterable[_Measured]) -> dict[int, list[_Measured]]:
    blocks: dict[int, list[_Measured]] = defaultdict(list)
    for trial in measured:
        blocks[trial.record.trial.block].append(trial)
    return dict(sorted(blocks.items()))


def _throughput_rps(block: Sequence[_Measured]) -> float:
    return sum(len(trial.ok) for trial in block) / sum(trial.record.window.duration_s for trial in block)


def _latencies_ns(measured: Iterable[_Measured], since: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    found = [(trial.ok["ended_ns"] - trial.ok[since]).to_numpy() for trial in measured]
    return np.concatenate(found) if found else np.array([], dtype=np.int64)


def _quantiles(blocks: Sequence[Sequence[_Measured]], since: str) -> dict[str, Interval]:
    """Quantiles over all ops; with an interval where each block alone supports the quantile, too."""
    by_block = [quantiles_ms(_latencies_ns(block, since)) for block in blocks]
    pooled = quantiles_ms(_latencies_ns([trial for block in blocks for trial in block], since))
    found = {}
    for name, value in pooled.items():
        if all(name in block for block in by_block):
            found[name] = mean_interval([block[name] for block in by_block])
        else:
            found[name] = Interval(value=value, low=None, high=None, blocks=len(blocks))
    return found


def _added_round_trip_ms(measured: Iterable[_Measured], target: str) -> float | None:
    """Median over all trials of a cell: round trip by the target's way less that by a clean proxy."""
    taken: dict[str, list[float]] = defaultdict(list)
    for trial in measured:
        for sample in trial.record.samples:
            if sample.metric == "round_trip_s":
                taken[sample.labels["route"]].append(sample.value * 1e3)
    if not taken[target] or not taken["clean"]:
        return None
    return median(taken[target]) - median(taken["clean"])


def _cpu_cores(measured: Sequence[_Measured]) -> dict[str, float]:
    """Mean cores that each part used between the ends of the measured windows."""
    cores: dict[str, list[float]] = defaultdict(list)
    for trial in measured:
        edges: dict[str, dict[str, tuple[int, float]]] = defaultdict(dict)
        for sample in trial.record.samples:
            if sample.probe == "cpu":
                edges[sample.labels["part"]][sample.labels["edge"]] = (sample.t_ns, sample.value)
        for part, edge in edges.items():
            (start_ns, before_s), (end_ns, after_s) = edge["measuring"], edge["draining"]
            cores[part].append((after_s - before_s) / ((end_ns - start_ns) / 1e9))
    return {part: mean(values) for part, values in cores.items()}


def _comparisons(
    targets: Sequence[str], trials: dict[CellKey, list[_Measured]], scenarios: dict[str, Scenario]
) -> Iterable[Comparison]:
    """Compare the first target with each other one, over the blocks in which both have a trial."""
    for (scenario, added_ms, target), measured in trials.items():
        if target != targets[0]:
            continue
        for other in targets[1:]:
            first = _by_block(measured)
            second = _by_block(trials.get((scenario, added_ms, other), []))
            both = sorted(first.keys() & second.keys())
            for metric, of_block in METRICS.items():
                # a fixed offered rate fixes the throughput: only the waiting can differ
                if metric == "throughput" and scenarios[scenario].shape.pace_s is not None:
                    continue
                yield compare(
                    scenario=scenario,
                    added_ms=added_ms,
                    metric=metric,
                    first=target,
                    second=other,
                    first_by_block=[of_block(first[block]) for block in both],
                    second_by_block=[of_block(second[block]) for block in both],
                )


def _overheads(
    record: RunRecord, trials: dict[CellKey, list[_Measured]], scenarios: dict[str, Scenario]
) -> Iterable[FrameworkOverhead]:
    """Hold each target against its bare application, over the blocks in which both have a trial."""
    bare = [name for name, scenario in scenarios.items() if not scenario.reaches_database]
    for target in (target for target in record.targets if target.name in record.plan.targets and target.reference):
        for scenario in bare:
            own = _by_block(trials.get((scenario, 0, target.name), []))
            reference = _by_block(trials.get((scenario, 0, target.reference), []))
            both = [(own[block], reference[block]) for block in sorted(own.keys() & reference.keys())]
            if both:
                rates = [(_throughput_rps(one), _throughput_rps(other)) for one, other in both]
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


def _processor_s(block: Sequence[_Measured]) -> float:
    """Return the processor time of the target for each request that ended well, in seconds; nan without one."""
    answered = sum(len(trial.ok) for trial in block)
    used_s = sum(_cpu_cores([trial])["target"] * trial.record.window.duration_s for trial in block)
    return used_s / answered if answered else float("nan")


def _p50_ms(block: Sequence[_Measured]) -> float:
    latencies_ns = _latencies_ns(block, "intended_ns")
    return float(np.median(latencies_ns)) / 1e6 if latencies_ns.size else float("nan")


METRICS: Mapping[Literal["throughput", "p50"], Callable[[Sequence[_Measured]], float]] = {
    "throughput": _throughput_rps,
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
                faults += [(window.injected_ns, window.healed_ns, window.detail) for window in known.faults]
                seen += [(trial.target, sample) for sample in known.samples]
        if frames:
            ops = pd.concat(frames)
            yield timeline(block, ops, faults, seen, origin_ns=int(ops["started_ns"].min()), bin_s=BIN_S)


def _warnings(cells: Iterable[Cell], trials: dict[CellKey, list[_Measured]], record: RunRecord) -> Iterable[str]:
    cores = int(record.environment.get("cores", "1"))
    full, generator, unstable, few = [], [], [], []
    for cell in cells:
        name = f"{cell.scenario} at {cell.added_ms} ms ({cell.target})"
        if sum(cell.cpu_cores.values()) >= BUSY_MACHINE_SHARE * cores:
            full.append(name)
        if cell.cpu_cores.get("generator", 0.0) >= BUSY_GENERATOR_CORES:
            generator.append(name)
        rates = [
            _throughput_rps(block) for block in _by_block(trials[cell.scenario, cell.added_ms, cell.target]).values()
        ]
        if len(rates) > 1 and mean(rates) and stdev(rates) / mean(rates) >= UNSTABLE_SPREAD:
            unstable.append(name)
        if cell.ops < MIN_OPS:
            few.append(name)
    for names, sentence in (
        (generator, "The load generator used a whole core, so it may be what limits"),
        (full, "All cores were busy, so target, generator, proxy and database slowed each other in"),
        (unstable, f"Throughput differed by {UNSTABLE_SPREAD:.0%} or more between blocks in"),
        (few, f"Fewer than {MIN_OPS} requests were measured in"),
    ):
        if names:
            yield f"{sentence} {_list(names)}."


def cut_strips(store: Store) -> tuple[CutStrip, ...]:
    """Lay out the cut map for the figure; empty if there is none."""
    cut_map = store.cuts()
    return tuple(strips(cut_map)) if cut_map else ()


def pages(store: Store) -> tuple[PageCost, ...]:
    """What pages cost by each loading strategy; empty if none was asked for."""
    return page_costs(store.pages())


def in_turns(store: Store) -> tuple[ProbeOverhead, ...]:
    """What probes cost, as turns told it; empty if none were taken."""
    return tuple(kept(store.turns()))


def cuts_per_s(store: Store) -> float:
    """Cuts a second, holds included; 0 if nothing was cut."""
    cut_map = store.cuts()
    return len(cut_map.cuts) / cut_map.duration_s if cut_map and cut_map.duration_s else 0.0


def fault_rows(store: Store, record: RunRecord) -> tuple[FaultRow, ...]:
    """Tell of every fault as it was observed, in the order in which they were injected."""
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


def _set_aside(store: Store, record: RunRecord) -> Iterable[str]:
    """Tell of trials that were run again, by target: who was disturbed more often is for the reader to see."""
    aside = [known.trial for known in store.set_aside_records()]
    if aside:
        counts = Counter(trial.target for trial in aside)
        by_target = ", ".join(f"{counts[target]} of {target}" for target in record.plan.targets)
        yield (
            f"In {len(aside)} trials ({by_target}) the round trip missed its distance, so each was set aside and "
            f"run again: {_list([f'{trial.scenario} at {trial.added_ms} ms' for trial in aside])}."
        )


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {len(names) - 4} more"  # noqa: PLR2004 - the four shown
