"""How long a request waits."""

from __future__ import annotations

from collections.abc import Callable

from harness.model.measures import Cell, Interval
from harness.model.summary import Summary
from harness.report.figures.levels import Look, Shown, level_panel
from harness.report.figures.series import cells_by_scenario
from harness.report.panel import FigureOf, Table
from harness.report.words import distance, interval

QUANTILES = ("p50", "p95", "p99")


def draw_latency(summary: Summary) -> FigureOf | None:
    """Draw the median and the 95th percentile of latency; None if none is known."""
    scenarios = {
        name: known
        for name, cells in cells_by_scenario(summary).items()
        if (known := [cell for cell in cells if cell.latency_ms])
    }
    if not scenarios:
        return None
    look = Look(prefix="latency", unit="latency, ms", log=True)
    shown = [Shown(pick=_latency("p50"), name="p50"), Shown(pick=_latency("p95"), name="p95", hollow=True)]
    return FigureOf(
        title="How long does a request wait?",
        note="From the moment a request was meant to be sent until its answer was read. Filled marks are"
        " medians, hollow ones 95th percentiles, bars 95 % intervals; the axis is logarithmic. The"
        " table adds the time from the actual send. A percentile with fewer than ten requests beyond"
        " it is left out.",
        panels=tuple(level_panel(summary.plan.targets, name, cells, look, shown) for name, cells in scenarios.items()),
        table=Table(
            columns=(
                "scenario",
                "distance",
                "target",
                *(f"{quantile}, ms" for quantile in QUANTILES),
                *(f"{quantile} from send, ms" for quantile in QUANTILES),
            ),
            rows=tuple(_row(cell) for cells in scenarios.values() for cell in cells),
        ),
    )


def _latency(quantile: str) -> Callable[[Cell], Interval | None]:
    return lambda cell: cell.latency_ms.get(quantile)


def _row(cell: Cell) -> tuple[str, ...]:
    return (
        cell.scenario,
        distance(cell.added_ms),
        cell.target,
        *(interval(cell.latency_ms.get(quantile)) for quantile in QUANTILES),
        *(interval(cell.service_ms.get(quantile)) for quantile in QUANTILES),
    )
