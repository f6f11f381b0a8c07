"""The whole distribution of latencies, a panel for each scenario and distance."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from harness.model.measures import Cell
from harness.model.summary import Summary
from harness.report.figures.series import cells_by_scenario
from harness.report.palette import style_of
from harness.report.panel import FigureOf, Panel, Table, canvas
from harness.report.ticks import log_ticks
from harness.report.words import distance, number

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


def draw_distributions(summary: Summary) -> FigureOf | None:
    """Draw the share of requests answered within a time; None if nothing was measured."""
    scenarios = {
        name: [cell for cell in cells if cell.histogram_ms] for name, cells in cells_by_scenario(summary).items()
    }
    panels = [
        _panel(summary.plan.targets, name, level, [cell for cell in cells if cell.added_ms == level])
        for name, cells in scenarios.items()
        for level in sorted({cell.added_ms for cell in cells})
    ]
    if not panels:
        return None
    return FigureOf(
        title="What share of requests is answered within a given time?",
        note="All measured requests of all blocks, from the intended start. The table reads the time off"
        " the same curve.",
        panels=tuple(panels),
        table=Table(
            columns=("scenario", "distance", "target", *(f"{share:.0%} within, ms" for share in SHARES)),
            rows=tuple(_row(cell) for cells in scenarios.values() for cell in cells),
        ),
        folded=True,
    )


def _row(cell: Cell) -> tuple[str, ...]:
    within = (number(_within(cell, share)) for share in SHARES)
    return (cell.scenario, distance(cell.added_ms), cell.target, *within)


def _panel(targets: tuple[str, ...], scenario: str, added_ms: int, cells: Sequence[Cell]) -> Panel:
    label = f"{scenario} at {added_ms} ms, half of the requests answered within: " + ", ".join(
        f"{cell.target} {number(_within(cell, 0.5))} ms" for cell in cells
    )
    with canvas(f"dist-{scenario}-{added_ms}", label) as drawn:
        axes = drawn.axes
        axes.set_xscale("log")
        keys = []
        for cell in cells:
            style = style_of(cell.target, targets)
            times, shares = zip(*cell.histogram_ms, strict=True)
            axes.step(times, shares, where="post", color=style.colour, linestyle=style.line, linewidth=1.8)
            keys.append(Line2D([], [], color=style.colour, linestyle=style.line, linewidth=1.8, label=cell.target))
        axes.set_title(f"{scenario} at {added_ms} ms")
        axes.set_xlabel("latency, ms")
        axes.set_ylabel("share answered")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_ylim(0, 1.02)
        log_ticks(axes, "x", [time_ms for cell in cells for time_ms, _ in cell.histogram_ms])
        drawn.legend(keys)
    return drawn.panel


def _within(cell: Cell, share: float) -> float | None:
    """The first time by which at least this share was answered."""
    return next((time_ms for time_ms, reached in cell.histogram_ms if reached >= share), None)
