"""A cell: one target under one scenario at one added latency, over all its trials, and what was measured in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, median

import numpy as np
import pandas as pd

from harness.analysis.stats.intervals import mean_interval
from harness.analysis.stats.percentiles import histogram_ms, quantiles_ms
from harness.analysis.stats.phases import parts_ms
from harness.model.measures import Cell, CellName, Interval
from harness.model.plan import Trial
from harness.model.run_records import TrialRecord
from harness.store import Store


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


def measured_of(store: Store, trial: Trial) -> Measured | None:
    """Load a trial; None if it did not end."""
    record = store.trial_record(trial)
    ops = store.ops_frame(trial)
    if record is None or ops is None:
        return None
    ended = ops["ended_ns"]
    inside = ops[(ended >= record.window.start_ns) & (ended < record.window.end_ns)]
    return Measured(record=record, ops=inside)


def cell_of(name: CellName, measured: Sequence[Measured]) -> Cell:
    """Fold all trials of a cell."""
    ops = pd.concat([trial.ops for trial in measured])
    ok = ops[ops["outcome"] == "ok"]
    blocks = list(by_block(measured).values())
    return Cell(
        scenario=name.scenario,
        added_ms=name.added_ms,
        target=name.target,
        trials=len(measured),
        ops=len(ops),
        not_ok=len(ops) - len(ok),
        throughput_rps=mean_interval([throughput_rps(block) for block in blocks]),
        latency_ms=_quantiles(blocks, "intended_ns"),
        service_ms=_quantiles(blocks, "started_ns"),
        added_round_trip_ms=_added_round_trip_ms(measured, name.target),
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


def latencies_ns(measured: Iterable[Measured], since: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return how long the requests that ended well took, since they were intended or sent."""
    found = [(trial.ok["ended_ns"] - trial.ok[since]).to_numpy() for trial in measured]
    return np.concatenate(found) if found else np.array([], dtype=np.int64)


def _quantiles(blocks: Sequence[Sequence[Measured]], since: str) -> dict[str, Interval]:
    """Quantiles over all ops; with an interval where each block alone supports the quantile, too."""
    by_block = [quantiles_ms(latencies_ns(block, since)) for block in blocks]
    pooled = quantiles_ms(latencies_ns([trial for block in blocks for trial in block], since))
    found = {}
    for name, value in pooled.items():
        if all(name in block for block in by_block):
            found[name] = mean_interval([block[name] for block in by_block])
        else:
            found[name] = Interval(value=value, low=None, high=None, blocks=len(blocks))
    return found


def _added_round_trip_ms(measured: Iterable[Measured], target: str) -> float | None:
    """Median over all trials of a cell: round trip by the target's way less that by a clean proxy."""
    taken: dict[str, list[float]] = defaultdict(list)
    for trial in measured:
        for sample in trial.record.samples:
            if sample.metric == "round_trip_s":
                taken[sample.labels["route"]].append(sample.value * 1e3)
    if not taken[target] or not taken["clean"]:
        return None
    return median(taken[target]) - median(taken["clean"])


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
