"""Colours of the figures: drawn as stand-ins, then replaced by CSS variables.

So one figure serves light and dark.

The hues of data are Okabe and Ito's, which people who are colour-blind can tell apart; every series has a
marker and a line style of its own as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

INK = "#010101"
FAINT = "#020202"
GRID = "#030303"
FAULT = "#040404"
PAPER = "#050505"
BAD = "#0e0e0e"
SERIES = ("#060606", "#070707", "#080808", "#090909")
# Parts of the set-up, in colours that no target has.
PARTS = ("#0a0a0a", "#0b0b0b", "#0c0c0c", "#0d0d0d", "#0f0f0f", "#101010")

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


LineStyle = Literal["-", "--", ":", "-."]


@dataclass(frozen=True, kw_only=True)
class Style:
    """How one target looks in every figure."""

    colour: str
    marker: str
    line: LineStyle


STYLES = (
    Style(colour=SERIES[0], marker="o", line="-"),
    Style(colour=SERIES[1], marker="s", line="--"),
    Style(colour=SERIES[2], marker="^", line=":"),
    Style(colour=SERIES[3], marker="D", line="-."),
)

TWINS = ("async", "sync")


def style_of(target: str, targets: tuple[str, ...]) -> Style:
    """Return the style of a target: a twin has its own in every report, others go by their place."""
    order = [*TWINS, *(name for name in targets if name not in TWINS)]
    return STYLES[order.index(target) % len(STYLES)]


def with_variables(svg: str) -> str:
    """Replace every stand-in by the CSS variable that it stands for."""
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, variable)
    return svg
