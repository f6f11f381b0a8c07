"""How much each target serves."""

from __future__ import annotations

from harness.model.measures import Cell, Interval
from harness.model.summary import Summary
from harness.report.figures.levels import Look, Shown, level_panel
from harness.report.figures.series import cells_by_scenario
from harness.report.panel import FigureOf, Table
from harness.report.words import distance, interval


def draw_throughput(summary: Summary) -> FigureOf | None:
    """Draw requests per second; None if nothing was measured.

    A scenario with a fixed offered rate is left out: its throughput is no capacity.
    """
    scenarios = cells_by_scenario(summary, paced=False)
    if not scenarios:
        return None
    look = Look(prefix="rps", unit="requests per second")
    return FigureOf(
        title="How many requests per second does each twin serve?",
        note="Clients send back to back, so this is capacity under as many clients. Bars are 95 % intervals"
        " over blocks. Bars of two twins may overlap where the ratio above is sure: a slow block slows"
        " both.",
        panels=tuple(
            level_panel(summary.plan.targets, name, cells, look, [Shown(pick=_throughput)])
            for name, cells in scenarios.items()
        ),
        table=Table(
            columns=("scenario", "distance", "target", "requests/s (95 % interval)", "measured", "not ok"),
            rows=tuple(_row(cell) for cells in scenarios.values() for cell in cells),
        ),
    )


def _throughput(cell: Cell) -> Interval:
    return cell.throughput_rps


def _row(cell: Cell) -> tuple[str, ...]:
    return (
        cell.scenario,
        distance(cell.added_ms),
        cell.target,
        interval(cell.throughput_rps),
        f"{cell.ops:,}",
        f"{cell.not_ok:,}",
    )
