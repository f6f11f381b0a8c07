"""Colours of the figures: drawn as stand-ins, then replaced by CSS variables, so one figure serves light and dark.

The hues of data are Okabe and Ito's, which people who are colour-blind can tell apart; every series has a
marker and a line style of its own as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from harness.model.summary import Summary

INK = "#010101"
FAINT = "#020202"
GRID = "#030303"
FAULT = "#040404"
PAPER = "#050505"
BAD = "#0e0e0e"
SERIES = ("#060606", "#070707", "#080808", "#090909")
# Parts of the set-up, in colours that no target has.
PARTS = ("#0a0a0a", "#0b0b0b", "#0c0c0c", "#0d0d0d", "#0f0f0f", "#101010")

MARKS_ONLY = {"linestyle": "none"}  # as matplotlib takes it

VARIABLES: Mapping[str, str] = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    GRID: "var(--grid)",
    FAULT: "var(--fault)",
    PAPER: "var(--paper)",
    BAD: "var(--fail)",
    **{colour: f"var(--series-{number})" for number, colour in enumerate(SERIES, 1)},
    **{colour: f"var(--part-{number})" for number, colour in enumerate(PARTS, 1)},
}


@dataclass(frozen=True, kw_only=True)
class Style:
    """How one series looks in every figure."""

    colour: str
    marker: str
    line: Literal["-", "--", ":", "-."]

    @property
    def look(self) -> dict[str, Any]:
        """The same as matplotlib takes it."""
        return {"color": self.colour, "marker": self.marker, "linestyle": self.line}


STYLES = (
    Style(colour=SERIES[0], marker="o", line="-"),
    Style(colour=SERIES[1], marker="s", line="--"),
    Style(colour=SERIES[2], marker="^", line=":"),
    Style(colour=SERIES[3], marker="D", line="-."),
)


NEITHER = Style(colour=FAINT, marker="d", line="-")


def styles(summary: Summary) -> dict[str, Style]:
    """Return the style of each target: the first async one and the first sync one have theirs in every report."""
    names = summary.plan.targets
    models = {target.name: target.model for target in summary.targets}
    firsts = [next((name for name in names if models.get(name) == model), "") for model in ("async", "sync")]
    order = [*firsts, *(name for name in names if name not in firsts)]
    return {name: STYLES[order.index(name) % len(STYLES)] for name in names}


def with_variables(svg: str) -> str:
    """Replace every stand-in by the CSS variable that it stands for."""
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, variable)
    return svg
