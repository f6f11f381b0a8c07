"""The whole distribution of latencies, a panel for each scenario and distance."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from harness.findings import Cell, Summary
from harness.report.canvas import FigureOf, Panel, Table, canvas
from harness.report.palette import style_of
from harness.report.words import number

SHARES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


def draw_distributions(summary: Summary) -> FigureOf | None:
    """Draw the share of requests answered within a time; None if nothing was measured."""
    cells = [cell for cell in summary.analysis.cells if cell.histogram_ms]
    if not cells:
        return None
    order = [scenario.name for scenario in summary.scenarios]
    places = sorted({(c.scenario, c.level_ms) for c in cells}, key=lambda place: (order.index(place[0]), place[1]))
    panels = [_panel(summary, name, level, [c for c in cells if (c.scenario, c.level_ms) == (name, level)])
              for name, level in places]
    rows = tuple(
        (cell.scenario, f"{cell.level_ms} ms", cell.target, *(number(_within(cell, share)) for share in SHARES))
        for cell in cells
    )
    return FigureOf(
        id="distributions",
        title="What share of requests is answered within a given time?",
        note="All measured requests of all blocks, from the intended start. The table reads the time off the same curve.",
        panels=tuple(panels),
        table=Table(
            columns=("scenario", "distance", "target", *(f"{share:.0%} within, ms" for share in SHARES)), rows=rows
        ),
        folded=True,
    )


def _panel(summary: Summary, scenario: str, level_ms: int, cells: Sequence[Cell]) -> Panel:
    label = f"{scenario} at {level_ms} ms, half of the requests answered within: " + ", ".join(
        f"{cell.target} {number(_within(cell, 0.5))} ms" for cell in cells
    )
    with canvas(f"dist-{scenario}-{level_ms}", label, height_in=2.3) as drawn:
        axes = drawn.axes
        for cell in cells:
            style = style_of(cell.target, summary.plan.targets)
            times = [time_ms for time_ms, _ in cell.histogram_ms]
            shares = [share for _, share in cell.histogram_ms]
            axes.plot(times, shares, color=style.colour, linestyle=style.line, linewidth=1.8, label=cell.target)
        axes.set_xscale("log")
        axes.set_title(f"{scenario} at {level_ms} ms")
        axes.set_xlabel("latency, ms")
        axes.set_ylabel("share answered")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.set_ylim(0, 1.02)
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.legend(loc="lower right")
    return drawn.panel


def _within(cell: Cell, share: float) -> float | None:
    """The first time by which at least this share was answered."""
    return next((time_ms for time_ms, reached in cell.histogram_ms if reached >= share), None)
