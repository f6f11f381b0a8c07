"""What the figures share: a target's entry in the legend, and the order of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.lines import Line2D

from harness.model.measures import Cell
from harness.model.summary import Summary
from harness.report.palette import style_of


def handle(target: str, targets: tuple[str, ...]) -> Line2D:
    """Return the entry of a target in a legend."""
    style = style_of(target, targets)
    return Line2D([], [], color=style.colour, marker=style.marker, linestyle=style.line, label=target)


def cells_by_scenario(summary: Summary, *, paced: bool | None = None) -> Mapping[str, Sequence[Cell]]:
    """Return cells by scenario, both in the plan's order; ``paced`` None takes all scenarios."""
    wanted = [s.name for s in summary.scenarios if paced is None or (s.shape.pace_s is not None) is paced]
    targets = summary.plan.targets
    found = {
        name: sorted(
            (c for c in summary.measures.cells if c.scenario == name),
            key=lambda c: (c.added_ms, targets.index(c.target)),
        )
        for name in wanted
    }
    return {name: cells for name, cells in found.items() if cells}
