"""Who used the processor while it was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from harness.model.measures import Cell
from harness.model.summary import Summary
from harness.report.figures.series import cells_by_scenario
from harness.report.palette import PAPER, PARTS
from harness.report.panel import FigureOf, Panel, Table, canvas
from harness.report.words import distance, number

NAMES = ("target", "postgres", "toxiproxy", "generator")
HATCHES = ("", "////", "xxxx", "----")
ROW_IN = 0.27


def draw_cpu(summary: Summary) -> FigureOf | None:
    """Draw the cores used by each part, a bar for each cell; None if nothing was read."""
    scenarios = {
        name: known
        for name, cells in cells_by_scenario(summary).items()
        if (known := [cell for cell in cells if cell.cpu_cores])
    }
    if not scenarios:
        return None
    most = max(sum(cell.cpu_cores.values()) for cells in scenarios.values() for cell in cells)
    return FigureOf(
        title="Where did the processor's time go?",
        note=f"Mean cores in use in the measured windows, of {summary.environment.get('cores', '?')} on this"
        " machine. Where all are in use the parts slow each other, and where the generator alone uses"
        " a whole one it may be what limits.",
        panels=tuple(_panel(name, cells, most) for name, cells in scenarios.items()),
        table=Table(
            columns=("scenario", "distance", "target", *(f"{part}, cores" for part in NAMES)),
            rows=tuple(_row(cell) for cells in scenarios.values() for cell in cells),
        ),
    )


def _row(cell: Cell) -> tuple[str, ...]:
    parts = (number(cell.cpu_cores.get(part)) for part in NAMES)
    return (cell.scenario, distance(cell.added_ms), cell.target, *parts)


def _panel(scenario: str, cells: Sequence[Cell], most: float) -> Panel:
    label = f"{scenario}: cores used by {', '.join(NAMES)}. " + "; ".join(
        f"{cell.target} at {cell.added_ms} ms " + ", ".join(number(cell.cpu_cores.get(part)) for part in NAMES)
        for cell in cells
    )
    with canvas(f"cpu-{scenario}", label, height_in=1.2 + ROW_IN * len(cells)) as drawn:
        axes = drawn.axes
        left = [0.0] * len(cells)
        keys = []
        for part, colour, hatch in zip(NAMES, PARTS[: len(NAMES)], HATCHES, strict=True):
            used = [cell.cpu_cores.get(part, 0.0) for cell in cells]
            look: dict[str, Any] = {"facecolor": colour, "hatch": hatch, "edgecolor": PAPER, "linewidth": 0.5}
            axes.barh(range(len(cells)), used, left=left, **look)
            keys.append(Patch(label=part, **look))
            left = [before + more for before, more in zip(left, used, strict=True)]
        axes.set_yticks(range(len(cells)), [f"{cell.target}, {cell.added_ms} ms" for cell in cells])
        axes.invert_yaxis()
        axes.set_xlim(0, most * 1.05 or 1)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("cores")
        axes.set_title(scenario)
        drawn.legend(keys)
    return drawn.panel
