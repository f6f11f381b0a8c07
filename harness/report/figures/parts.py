"""Where time went: the mean request by phases as a probe inside the target saw it, and the processor by processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from harness.model.measures import Cell
from harness.model.summary import Summary
from harness.report.figures.cells import NAMED, cells_by_scenario, named
from harness.report.palette import PAPER, PARTS
from harness.report.panel import FigureOf, Panel, Table, canvas
from harness.report.words import interval, number

# The phases in the order of a request's course, and the users of the processor: the place of each one's colour, and
# how it is hatched.
PHASES = {
    "outside": (5, ""),
    "queue": (5, "----"),
    "thread": (2, "...."),
    "connection": (3, "xxxx"),
    "elsewhere": (0, r"\\\\"),
    "database": (1, "////"),
    "python": (4, ""),
}
USERS = {"target": (0, ""), "postgres": (1, "////"), "toxiproxy": (2, "xxxx"), "generator": (3, "----")}
ROW_IN = 0.27
LEGEND_COLUMNS = 3


@dataclass(frozen=True, kw_only=True)
class _Stack:
    """Bars of parts: what they are made of, what they measure in which unit, and the longest, if all compare by it."""

    prefix: str
    parts: Mapping[str, tuple[int, str]]
    unit: str
    pick: Callable[[Cell, str], float]
    longest: float | None = None


def draw_phases(summary: Summary) -> FigureOf:
    """Draw the mean request of each cell, a bar of its phases; only targets with the probe have any."""
    scenarios = cells_by_scenario(summary, lambda cell: cell.parts_ms)
    stack = _Stack(
        prefix="phases",
        parts=PHASES,
        unit="mean time of a request, ms",
        pick=lambda cell, phase: cell.parts_ms[phase].value,
    )
    return FigureOf(
        title="Where did a request's time go?",
        note="Mean of all requests in the measured windows. A request runs in Python, waits for a thread, for a"
        " connection of the pool or for the database, or waits elsewhere: for another service, a lock, or its turn."
        " Before that it was in the queue: in sockets and in the server, waiting for its event loop. Outside is what"
        " its client waited beyond: the way back, and the client itself."
        " In an async target a wait for the database lasts until the event loop comes to the answer. The table has"
        " the interval of each part over the blocks.",
        panels=tuple(_panel(stack, name, cells) for name, cells in scenarios.items()),
        table=Table(
            columns=(*NAMED, *(f"{phase}, ms" for phase in PHASES)),
            rows=tuple(
                (*named(cell), *(interval(cell.parts_ms[phase]) for phase in PHASES))
                for cells in scenarios.values()
                for cell in cells
            ),
        ),
    )


def draw_cpu(summary: Summary) -> FigureOf:
    """Draw the cores that each process used, a bar for each cell."""
    scenarios = cells_by_scenario(summary, lambda cell: cell.cpu_cores)
    stack = _Stack(
        prefix="cpu",
        parts=USERS,
        unit="cores in use",
        pick=lambda cell, user: cell.cpu_cores.get(user, 0.0),
        longest=max((sum(cell.cpu_cores.values()) for cells in scenarios.values() for cell in cells), default=0.0),
    )
    return FigureOf(
        title="Where did the processor's time go?",
        note=f"Mean cores in use in the measured windows, of {summary.environment.get('cores', '?')} on this"
        " machine. Where all are in use the parts slow each other, and where the generator alone uses"
        " a whole one it may be what limits.",
        panels=tuple(_panel(stack, name, cells) for name, cells in scenarios.items()),
        table=Table(
            columns=(*NAMED, *(f"{user}, cores" for user in USERS)),
            rows=tuple(
                (*named(cell), *(number(cell.cpu_cores.get(user)) for user in USERS))
                for cells in scenarios.values()
                for cell in cells
            ),
        ),
    )


def _panel(stack: _Stack, scenario: str, cells: Sequence[Cell]) -> Panel:
    label = f"{scenario}: {stack.unit}. " + "; ".join(
        f"{cell.target} at {cell.added_ms} ms: "
        + ", ".join(f"{part} {number(stack.pick(cell, part))}" for part in stack.parts)
        for cell in cells
    )
    with canvas(f"{stack.prefix}-{scenario}", label, height_in=1.4 + ROW_IN * len(cells)) as drawn:
        axes = drawn.axes
        left = [0.0] * len(cells)
        keys = []
        for part, (place, hatch) in stack.parts.items():
            lengths = [max(stack.pick(cell, part), 0.0) for cell in cells]
            look: dict[str, Any] = {"facecolor": PARTS[place], "hatch": hatch, "edgecolor": PAPER, "linewidth": 0.5}
            axes.barh(range(len(cells)), lengths, left=left, **look)
            keys.append(Patch(label=part, **look))
            left = [before + more for before, more in zip(left, lengths, strict=True)]
        drawn.rows([f"{cell.target}, {cell.added_ms} ms" for cell in cells])
        axes.set_xlim(0, stack.longest and stack.longest * 1.05)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.set_xlabel(stack.unit)
        axes.set_title(scenario)
        drawn.legend(keys, LEGEND_COLUMNS)
    return drawn.panel
