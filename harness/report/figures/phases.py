"""Where the time of a request went, as a probe inside the target saw it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.patches import Patch

from harness.model.measures import Cell
from harness.model.summary import Summary
from harness.report.figures.series import cells_by_scenario
from harness.report.palette import PAPER, PARTS
from harness.report.panel import FigureOf, Panel, Table, canvas
from harness.report.words import distance, interval, number

# The phases in the order of a request's course, with the place of each one's colour.
PHASES = {"outside": 5, "queue": 5, "thread": 2, "connection": 3, "elsewhere": 0, "database": 1, "python": 4}
HATCHES = ("", "----", "....", "xxxx", r"\\\\", "////", "")
ROW_IN = 0.27
LEGEND_COLUMNS = 3


def draw_phases(summary: Summary) -> FigureOf | None:
    """Draw the mean request of each cell, a bar of its parts; None if no target had the probe."""
    scenarios = {
        name: known
        for name, cells in cells_by_scenario(summary).items()
        if (known := [cell for cell in cells if cell.parts_ms])
    }
    if not scenarios:
        return None
    return FigureOf(
        title="Where did a request's time go?",
        note="Mean of all requests in the measured windows. A request runs in Python, waits for a thread, for a"
        " connection of the pool or for the database, or waits elsewhere: for another service, a lock, or its turn."
        " Before that it was in the queue: in sockets and in the server, waiting for its event loop. Outside is what"
        " its client waited beyond: the way back, and the client itself."
        " In an async target a wait for the database lasts until the event loop comes to the answer. The table has"
        " the interval of each part over the blocks.",
        panels=tuple(_panel(name, cells) for name, cells in scenarios.items()),
        table=Table(
            columns=("scenario", "distance", "target", *(f"{phase}, ms" for phase in PHASES)),
            rows=tuple(_row(cell) for cells in scenarios.values() for cell in cells),
        ),
    )


def _row(cell: Cell) -> tuple[str, ...]:
    return (cell.scenario, distance(cell.added_ms), cell.target, *(interval(cell.parts_ms[p]) for p in PHASES))


def _panel(scenario: str, cells: Sequence[Cell]) -> Panel:
    label = f"{scenario}: mean milliseconds of a request. " + "; ".join(
        f"{cell.target} at {cell.added_ms} ms: "
        + ", ".join(f"{phase} {number(cell.parts_ms[phase].value)}" for phase in PHASES)
        for cell in cells
    )
    with canvas(f"phases-{scenario}", label, height_in=1.6 + ROW_IN * len(cells)) as drawn:
        axes = drawn.axes
        left = [0.0] * len(cells)
        keys = []
        for (phase, place), hatch in zip(PHASES.items(), HATCHES, strict=True):
            part_ms = [max(cell.parts_ms[phase].value, 0.0) for cell in cells]
            look: dict[str, Any] = {"facecolor": PARTS[place], "hatch": hatch, "edgecolor": PAPER, "linewidth": 0.5}
            axes.barh(range(len(cells)), part_ms, left=left, **look)
            keys.append(Patch(label=phase, **look))
            left = [before + more for before, more in zip(left, part_ms, strict=True)]
        axes.set_yticks(range(len(cells)), [f"{cell.target}, {cell.added_ms} ms" for cell in cells])
        axes.invert_yaxis()
        axes.set_xlim(left=0)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("mean time of a request, ms")
        axes.set_title(scenario)
        drawn.legend(keys, LEGEND_COLUMNS)
    return drawn.panel
