"""A cell: one target under one scenario at one added latency, over all its trials; and how far to trust its numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

import numpy as np
import pandas as pd

from harness.analysis.checks.added_latency import added_round_trip_ms
from harness.analysis.stats.intervals import mean_interval
from harness.analysis.stats.latency import histogram_ms, parts_ms, quantiles_ms
from harness.model.findings import in_unit
from harness.model.measures import Cell, CellName, Interval, MeasureWarning
from harness.model.plan import Trial
from harness.model.run_records import RunRecord, TrialRecord
from harness.store import Store

UNSTABLE_SPREAD = 0.10  # pyperf's bound for a coefficient of variation that it warns about
BUSY_GENERATOR_CORES = 0.9
BUSY_MACHINE_SHARE = 0.95
MIN_OPS = 100


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A finished trial: its record, and the ops that ended inside the measured window."""

    record: TrialRecord
    ops: pd.DataFrame

    @property
    def ok(self) -> pd.DataFrame:
        """Ops that ended well."""
        return self.ops[self.ops["outcome"] == "ok"]


def name_of(trial: Trial) -> CellName:
    """Return the name of a trial's cell."""
    return CellName(scenario=trial.scenario, added_ms=trial.added_ms, target=trial.target)


def measured_trials(store: Store, record: RunRecord) -> dict[CellName, list[Measured]]:
    """Load the trials of each cell; those that did not end are left out."""
    trials: dict[CellName, list[Measured]] = defaultdict(list)
    for trial in record.plan.trials:
        known, ops = store.trial_record(trial), store.ops_frame(trial)
        if known is not None and ops is not None:
            ended, window = ops["ended_ns"], known.window
            inside = ops[(ended >= window.start_ns) & (ended < window.end_ns)]
            trials[name_of(trial)].append(Measured(record=known, ops=inside))
    return trials


def cell_of(name: CellName, measured: Sequence[Measured]) -> Cell:
    """Fold all trials of a cell."""
    ops = pd.concat([trial.ops for trial in measured])
    blocks = list(by_block(measured).values())
    samples = [sample for trial in measured for sample in trial.record.samples]
    return Cell(
        **vars(name),
        trials=len(measured),
        ops=len(ops),
        not_ok=int((ops["outcome"] != "ok").sum()),
        throughput_rps=mean_interval([throughput_rps(block) for block in blocks]),
        latency_ms=_quantiles(blocks, "intended_ns"),
        service_ms=_quantiles(blocks, "started_ns"),
        added_round_trip_ms=added_round_trip_ms(name.target, samples, least=1),
        cpu_cores=cpu_cores(measured),
        histogram_ms=histogram_ms(latencies_ns(measured, "intended_ns")),
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


def by_block(measured: Iterable[Measured]) -> dict[int, list[Measured]]:
    """Gather trials by their block."""
    blocks: dict[int, list[Measured]] = defaultdict(list)
    for trial in measured:
        blocks[trial.record.trial.block].append(trial)
    return dict(sorted(blocks.items()))


def throughput_rps(block: Sequence[Measured]) -> float:
    """Return the requests a second that ended well, over all trials of a block."""
    return sum(len(trial.ok) for trial in block) / sum(trial.record.window.duration_s for trial in block)


def p50_ms(block: Sequence[Measured]) -> float:
    """Return the median latency of a block in milliseconds; nan if nothing ended well."""
    taken_ns = latencies_ns(block, "intended_ns")
    return float(np.median(taken_ns)) / 1e6 if taken_ns.size else float("nan")


def processor_s(block: Sequence[Measured]) -> float:
    """Return the processor time of the target for each request that ended well, in seconds; nan without one."""
    answered = sum(len(trial.ok) for trial in block)
    used_s = sum(cpu_cores([trial])["target"] * trial.record.window.duration_s for trial in block)
    return used_s / answered if answered else float("nan")


def latencies_ns(measured: Iterable[Measured], since: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return how long the requests that ended well took, since they were intended or sent."""
    found = [(trial.ok["ended_ns"] - trial.ok[since]).to_numpy() for trial in measured]
    return np.concatenate(found) if found else np.array([], dtype=np.int64)


def _quantiles(blocks: Sequence[Sequence[Measured]], since: str) -> dict[str, Interval]:
    """Quantiles over all ops; with an interval where each block alone supports the quantile, too."""
    by_block = [quantiles_ms(latencies_ns(block, since)) for block in blocks]
    pooled = quantiles_ms(latencies_ns([trial for block in blocks for trial in block], since))
    return {
        name: mean_interval([block[name] for block in by_block])
        if all(name in block for block in by_block)
        else Interval(value=value, low=None, high=None, blocks=len(blocks))
        for name, value in pooled.items()
    }


def cpu_cores(measured: Sequence[Measured]) -> dict[str, float]:
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


def warnings(
    cells: Mapping[CellName, Cell], trials: Mapping[CellName, Sequence[Measured]], record: RunRecord
) -> Iterator[MeasureWarning]:
    """Name the cells in which the generator or the machine was full, blocks differed, or requests were few."""
    full_cores = BUSY_MACHINE_SHARE * int(record.environment.get("cores", "1"))
    full, generator, unstable, few = [], [], [], []
    for name, cell in cells.items():
        if sum(cell.cpu_cores.values()) >= full_cores:
            full.append(name)
        if cell.cpu_cores.get("generator", 0.0) >= BUSY_GENERATOR_CORES:
            generator.append(name)
        rates = [throughput_rps(block) for block in by_block(trials[name]).values()]
        if len(rates) > 1 and mean(rates) and stdev(rates) / mean(rates) >= UNSTABLE_SPREAD:
            unstable.append(name)
        if cell.ops < MIN_OPS:
            few.append(name)
    for code, names, limit in (
        ("generator_busy", generator, in_unit("cores", limit=BUSY_GENERATOR_CORES)),
        ("machine_busy", full, in_unit("cores", limit=full_cores)),
        ("blocks_differ", unstable, in_unit("share", limit=UNSTABLE_SPREAD)),
        ("few_requests", few, in_unit("requests", limit=MIN_OPS)),
    ):
        if names:
            yield MeasureWarning(code=code, cells=tuple(names), values=limit)


def set_aside(store: Store, record: RunRecord) -> Iterator[MeasureWarning]:
    """Return trials that were run again, by target: the reader sees which was disturbed more often."""
    aside = [known.trial for known in store.set_aside_records()]
    if aside:
        counts = Counter(trial.target for trial in aside)
        by_target = {target: counts[target] for target in record.plan.targets}
        yield MeasureWarning(code="set_aside", cells=tuple(map(name_of, aside)), values=in_unit("trials", **by_target))
