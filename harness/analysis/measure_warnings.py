"""Why some numbers are to be read with care: what the machine, the generator or the sample could not give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import mean, stdev

from harness.analysis.cells import Measured, by_block, name_of, throughput_rps
from harness.model.findings import in_unit
from harness.model.measures import Cell, CellName, MeasureWarning
from harness.model.run_records import RunRecord
from harness.store import Store

UNSTABLE_SPREAD = 0.10  # pyperf's bound for a coefficient of variation that it warns about
BUSY_GENERATOR_CORES = 0.9
BUSY_MACHINE_SHARE = 0.95
MIN_OPS = 100


def warnings(
    cells: Iterable[Cell], trials: Mapping[CellName, Sequence[Measured]], record: RunRecord
) -> Iterator[MeasureWarning]:
    """Name the cells in which the generator or the machine was full, blocks differed, or requests were few."""
    cores = int(record.environment.get("cores", "1"))
    full, generator, unstable, few = [], [], [], []
    for cell in cells:
        name = CellName(scenario=cell.scenario, added_ms=cell.added_ms, target=cell.target)
        if sum(cell.cpu_cores.values()) >= BUSY_MACHINE_SHARE * cores:
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
        ("machine_busy", full, in_unit("cores", limit=BUSY_MACHINE_SHARE * cores)),
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
