"""A cell: one target under one scenario at one added latency, over all its trials; and how far to trust its numbers."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import mean, stdev

import numpy as np
import pandas as pd

from harness.analysis.checks.added_latency import added_round_trip_ms
from harness.analysis.stats.intervals import mean_interval
from harness.analysis.stats.latency import histogram_ms, parts_ms, quantiles_ms
from harness.analysis.stats.slices import Counted, rate
from harness.model.evidence import Slice, Window
from harness.model.findings import in_unit
from harness.model.measures import Cell, CellName, Interval, MeasureWarning
from harness.model.plan import Trial
from harness.model.run_records import RunRecord, TrialRecord
from harness.store import Store

UNSTABLE_SPREAD = 0.10  # pyperf's bound for a coefficient of variation that it warns about
BUSY_GENERATOR_CORES = 0.9
BUSY_MACHINE_SHARE = 0.95
MIN_OPS = 100
Integers = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A finished trial: its record, and the ops that ended in the windows that count.

    A trial in one piece has one window. ``ops`` has the number of its window with each op in the column "window".
    ``rates`` are the ops that ended well in each window with its seconds, ``costs`` those that were answered well in
    each slice with the target's processor time in seconds.
    """

    record: TrialRecord
    ops: pd.DataFrame
    rates: tuple[Counted, ...]
    costs: tuple[Counted, ...]

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
        if measured := measured_of(store, trial):
            trials[name_of(trial)].append(measured)
    return trials


def measured_of(store: Store, trial: Trial) -> Measured | None:
    """Load a trial; None if it did not end."""
    known, ops = store.trial_record(trial), store.ops_frame(trial)
    if known is None or ops is None:
        return None
    counted, answered = _counted(known), _answered(known)
    place = _window_of(ops["ended_ns"].to_numpy(), counted)
    well_ns = ops["ended_ns"].to_numpy()[ops["outcome"] == "ok"]
    ended = zip(_ended_in(well_ns, counted), known.counted, strict=True)
    costs = zip(_ended_in(well_ns, answered), _target_s(known), strict=True)
    return Measured(
        record=known,
        ops=_in_own_time(ops.assign(window=place)[place >= 0], known.slices),
        rates=tuple((float(count), window.duration_s) for count, window in ended),
        costs=tuple((float(count), used_s) for count, used_s in costs),
    )


def _target_s(record: TrialRecord) -> list[float]:
    """Return the processor time of the target in each slice, or in the trial, in seconds."""
    return [one.processor_s["target"] for one in record.slices] or [processor(record).get("target", (math.nan,))[0]]


def _counted(record: TrialRecord) -> list[Window]:
    """Return when what counts of each slice, or of the trial, has ended."""
    return [*record.counted] if not record.slices or not record.slices[0].goes_on else _up_to_the_next(record)


def _answered(record: TrialRecord) -> list[Window]:
    """Return when what each slice, or the trial, has answered, has ended."""
    if not record.slices:
        return [*record.counted]
    return _up_to_the_next(record) if record.slices[0].goes_on else [one.whole for one in record.slices]


def _up_to_the_next(record: TrialRecord) -> list[Window]:
    """Return slices with the time up to the next: a busy client reads answers after the target has been stopped."""
    edges = [*(one.start_ns for one in record.slices), record.window.end_ns]
    return [Window(start_ns=start, end_ns=end) for start, end in pairwise(edges)]


def _in_own_time(ops: pd.DataFrame, slices: Sequence[Slice]) -> pd.DataFrame:
    """Move the beginnings of ops, so that none took the time for which its target was stopped meanwhile.

    Those that had begun before the first slice are left out.
    """
    edges = np.array([edge for one in slices for edge in (one.whole.start_ns, one.whole.end_ns)])
    if not edges.size:
        return ops
    stopped = np.concatenate([[0], np.cumsum(edges[2::2] - edges[1:-1:2])]).repeat(2)
    meanwhile = {
        name: np.interp(ops["ended_ns"], edges, stopped) - np.interp(ops[name], edges, stopped)
        for name in ("intended_ns", "started_ns")
    }
    moved = ops.assign(**{name: ops[name] + ns.astype(np.int64) for name, ns in meanwhile.items()})
    return moved[ops["started_ns"] >= slices[0].start_ns]


def _ended_in(ended_ns: Integers, windows: Sequence[Window]) -> Integers:
    """Count what ended in each of several windows, which lie one after the other."""
    place = _window_of(ended_ns, windows)
    return np.bincount(place[place >= 0], minlength=len(windows))


def _window_of(ended_ns: Integers, windows: Sequence[Window]) -> Integers:
    """Return the number of the window that each moment lies in; -1 for none."""
    edges = np.array([(one.start_ns, one.end_ns) for one in windows])
    place = np.searchsorted(edges[:, 0], ended_ns, side="right") - 1
    return np.where((place >= 0) & (ended_ns < edges[place, 1]), place, -1)


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


def paired(
    trials: Mapping[CellName, Sequence[Measured]], name: CellName, other: str
) -> tuple[list[list[Measured]], list[list[Measured]]]:
    """Return the blocks in which a cell and the same of another target both have a trial."""
    first, second = (by_block(trials.get(cell, ())) for cell in (name, replace(name, target=other)))
    both = sorted(first.keys() & second.keys())
    return [first[block] for block in both], [second[block] for block in both]


def rates(block: Sequence[Measured]) -> list[Counted]:
    """Return the requests that ended well, and the seconds, of each window of a block."""
    return [one for trial in block for one in trial.rates]


def costs(block: Sequence[Measured]) -> list[Counted]:
    """Return the requests that ended well, and the target's processor time in seconds, of each slice of a block."""
    return [one for trial in block for one in trial.costs]


def throughput_rps(block: Sequence[Measured]) -> float:
    """Return the requests a second that ended well in a block, but for slices that the machine held up."""
    return rate(rates(block), costs(block))


def rounds_p50_ms(block: Sequence[Measured]) -> list[float]:
    """Return the median latency of each round of a block in milliseconds; nan if nothing ended well."""
    taken_ns = latencies_ns(block, "intended_ns")
    if not block[0].record.slices:
        return [_p50_ms(taken_ns)]
    place = np.concatenate([trial.ok["window"].to_numpy() for trial in block])
    return [_p50_ms(taken_ns[place == number]) for number in range(len(rates(block)))]


def _p50_ms(taken_ns: Integers) -> float:
    return float(np.median(taken_ns)) / 1e6 if taken_ns.size else math.nan


def processor_s(block: Sequence[Measured]) -> float:
    """Return the processor time of the target for each request that ended well, in seconds; nan without one."""
    answered, used_s = (sum(each) for each in zip(*costs(block), strict=True))
    return used_s / answered if answered else math.nan


def latencies_ns(measured: Iterable[Measured], since: str) -> Integers:
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
    """Mean cores that each part used while processor time was read."""
    cores: dict[str, list[float]] = defaultdict(list)
    for trial in measured:
        for part, (used_s, seconds) in processor(trial.record).items():
            cores[part].append(used_s / seconds)
    return {part: mean(values) for part, values in cores.items()}


def processor(record: TrialRecord) -> dict[str, tuple[float, float]]:
    """Return the processor time that each part used in a trial, and in what time, both in seconds."""
    if record.slices:
        seconds = sum(one.whole.duration_s for one in record.slices)
        parts = record.slices[0].processor_s
        return {part: (sum(one.processor_s[part] for one in record.slices), seconds) for part in parts}
    edges: dict[str, dict[str, tuple[int, float]]] = defaultdict(dict)
    for sample in record.samples:
        if sample.probe == "cpu":
            edges[sample.labels["part"]][sample.labels["edge"]] = (sample.t_ns, sample.value)
    return {
        part: (edge["draining"][1] - edge["measuring"][1], (edge["draining"][0] - edge["measuring"][0]) / 1e9)
        for part, edge in edges.items()
    }


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
