"""The whole distribution of latencies, a panel for each scenario and added latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from matplotlib.ticker import PercentFormatter

from harness.model.measures import Cell
from harness.model.summary import Summary
from harness.report.figures.cells import NAMED, cells_by_scenario, named
from harness.report.palette import Style, styles
from harness.report.panel import FigureOf, Panel, Table, canvas
from harness.report.ticks import log_ticks
from harness.report.words import number

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


def draw_distributions(summary: Summary) -> FigureOf:
    """Draw the share of requests answered within a time."""
    cells = [cell for some in cells_by_scenario(summary, lambda cell: cell.histogram_ms).values() for cell in some]
    return FigureOf(
        title="What share of requests is answered within a given time?",
        note="All measured requests of all blocks, from the intended start. The table reads the time off"
        " the same curve.",
        panels=tuple(
            _panel(styles(summary), [*some]) for _, some in groupby(cells, lambda cell: (cell.scenario, cell.added_ms))
        ),
        table=Table(
            columns=(*NAMED, *(f"{share:.0%} within, ms" for share in SHARES)),
            rows=tuple((*named(cell), *(number(_within(cell, share)) for share in SHARES)) for cell in cells),
        ),
        folded=True,
    )


def _panel(looks: Mapping[str, Style], cells: Sequence[Cell]) -> Panel:
    scenario, added_ms = cells[0].scenario, cells[0].added_ms
    label = f"{scenario} at {added_ms} ms, half of the requests answered within: " + ", ".join(
        f"{cell.target} {number(_within(cell, 0.5))} ms" for cell in cells
    )
    with canvas(f"dist-{scenario}-{added_ms}", label) as drawn:
        axes = drawn.axes
        axes.set_xscale("log")
        line: dict[str, Any] = {"marker": "", "linewidth": 1.8}
        for cell in cells:
            times, shares = zip(*cell.histogram_ms, strict=True)
            axes.step(times, shares, where="post", **looks[cell.target].look | line)
        axes.set_title(f"{scenario} at {added_ms} ms")
        axes.set_xlabel("latency, ms")
        axes.set_ylabel("share answered")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_ylim(0, 1.02)
        log_ticks(axes, "x", [time_ms for cell in cells for time_ms, _ in cell.histogram_ms])
        drawn.legend_of({cell.target: looks[cell.target] for cell in cells}, look=line)
    return drawn.panel


def _within(cell: Cell, share: float) -> float | None:
    """The first time by which at least this share was answered."""
    return next((time_ms for time_ms, reached in cell.histogram_ms if reached >= share), None)
