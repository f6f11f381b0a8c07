"""The cells that figures draw, by scenario and in the plan's order, and what names each in a table."""

from __future__ import annotations

from collections.abc import Callable

from harness.model.measures import Cell
from harness.model.summary import Summary

NAMED = ("scenario", "added latency", "target")


def named(cell: Cell) -> tuple[str, str, str]:
    """Return what a table calls a cell, in columns as ``NAMED``."""
    return cell.scenario, f"{cell.added_ms} ms", cell.target


def cells_by_scenario(summary: Summary, having: Callable[[Cell], object]) -> dict[str, list[Cell]]:
    """Return the cells that have what is asked for by scenario, both in the plan's order."""
    targets = summary.plan.targets
    ordered = sorted(filter(having, summary.measures.cells), key=lambda c: (c.added_ms, targets.index(c.target)))
    found = {scenario.name: [c for c in ordered if c.scenario == scenario.name] for scenario in summary.scenarios}
    return {name: cells for name, cells in found.items() if cells}
