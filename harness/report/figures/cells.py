"""The cells that figures draw, by scenario and in the plan's order, and what names each in a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from harness.model.measures import Cell, CellName
from harness.model.summary import Summary

NAMED = ("scenario", "added latency", "target")

Named = TypeVar("Named", bound=CellName)


def named(cell: CellName) -> tuple[str, str, str]:
    """Return what a table calls a cell, in columns as ``NAMED``."""
    return cell.scenario, f"{cell.added_ms} ms", cell.target


def cells_by_scenario(summary: Summary, having: Callable[[Cell], object]) -> dict[str, list[Cell]]:
    """Return the cells that have what is asked for by scenario, both in the plan's order."""
    return by_scenario(summary, filter(having, summary.measures.cells))


def by_scenario(summary: Summary, cells: Iterable[Named]) -> dict[str, list[Named]]:
    """Return what is known of cells by scenario, both in the plan's order; those of references are left out."""
    targets = summary.plan.targets
    compared = [cell for cell in cells if cell.target in targets]
    ordered = sorted(compared, key=lambda cell: (cell.added_ms, targets.index(cell.target)))
    found = {scenario.name: [c for c in ordered if c.scenario == scenario.name] for scenario in summary.scenarios}
    return {name: cells for name, cells in found.items() if cells}
