"""Who used the processor while it was measured."""

from __future__ import annotations

from harness.findings import Cell, Summary
from harness.report.canvas import FigureOf, Panel, Table, canvas
from harness.report.palette import PAPER, SERIES
from harness.report.words import number

PARTS = ("target", "postgres", "toxiproxy", "generator")
HATCHES = ("", "///", "...", "xxx")
ROW_IN = 0.27


def draw_cpu(summary: Summary) -> FigureOf | None:
    """Draw the cores used by each part, a bar for each cell; None if nothing was read."""
    cells = [cell for cell in summary.analysis.cells if cell.cpu_cores]
    if not cells:
        return None
    order = [scenario.name for scenario in summary.scenarios]
    panels = [
        _panel(name, sorted((c for c in cells if c.scenario == name), key=lambda c: (c.level_ms, c.target)))
        for name in order
        if any(cell.scenario == name for cell in cells)
    ]
    rows = tuple(
        (cell.scenario, f"{cell.level_ms} ms", cell.target, *(number(cell.cpu_cores.get(part)) for part in PARTS))
        for cell in cells
    )
    return FigureOf(
        id="cpu",
        title="Where did the processor's time go?",
        note=f"Mean cores in use in the measured windows, of {summary.environment.get('cores', '?')} on this machine. Where all"
        " are in use the parts slow each other, and where the generator alone uses a whole one it may be what limits.",
        panels=tuple(panels),
        table=Table(columns=("scenario", "distance", "target", *(f"{part}, cores" for part in PARTS)), rows=rows),
        folded=True,
    )


def _panel(scenario: str, cells: list[Cell]) -> Panel:
    label = f"{scenario}: cores used by {', '.join(PARTS)}. " + "; ".join(
        f"{cell.target} at {cell.level_ms} ms " + ", ".join(number(cell.cpu_cores.get(part)) for part in PARTS)
        for cell in cells
    )
    with canvas(f"cpu-{scenario}", label, height_in=1.35 + ROW_IN * len(cells)) as drawn:
        axes = drawn.axes
        left = [0.0] * len(cells)
        for part, colour, hatch in zip(PARTS, SERIES, HATCHES, strict=True):
            used = [cell.cpu_cores.get(part, 0.0) for cell in cells]
            axes.barh(
                range(len(cells)), used, left=left, color=colour, hatch=hatch, edgecolor=PAPER, linewidth=0.5, label=part
            )
            left = [before + more for before, more in zip(left, used, strict=True)]
        axes.set_yticks(range(len(cells)), [f"{cell.target}  {cell.level_ms} ms" for cell in cells])
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("cores")
        axes.set_title(scenario)
        drawn.figure.legend(loc="outside lower center", ncols=4, columnspacing=0.9, handlelength=1.2, handletextpad=0.4)
    return drawn.panel
