"""One panel of a figure: matplotlib to inline SVG, narrow enough for a phone, text as text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.report.palette import FAINT, GRID, INK, with_variables

# A panel is drawn at the width of a phone and laid out beside others where there is room,
# so that its text is never scaled down.
WIDTH_IN = 3.9
HEIGHT_IN = 2.7

LOOK = {
    "svg.fonttype": "none",  # text stays text: it can be read out, found and restyled
    "svg.hashsalt": "twinbench",  # the same evidence draws the same bytes
    "font.family": "sans-serif",
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.markersize": 5,
    "figure.constrained_layout.use": True,
}


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A drawn panel: the picture, and the same in words for who can't see it."""

    svg: Markup
    label: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """The numbers behind a figure."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class FigureOf:
    """A figure of the report. ``title`` is the question that it answers."""

    id: str
    title: str
    note: str
    panels: tuple[Panel, ...]
    table: Table
    folded: bool = False


class Canvas:
    """A panel being drawn. ``axes`` is what to draw on; ``panel`` is the result."""

    def __init__(self, figure: Figure, label: str, prefix: str) -> None:
        self.figure = figure
        self._label = label
        self._prefix = prefix
        self.panel = Panel(svg=Markup(""), label=label)

    @property
    def axes(self) -> Axes:
        """The one set of axes, or the first of several."""
        return self.figure.axes[0]

    def finish(self) -> None:
        """Turn the drawing into SVG."""
        out = io.StringIO()
        self.figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        svg = out.getvalue()
        svg = svg[svg.index("<svg") :]
        # ids are unique within one SVG only, and a report holds many
        svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{self._prefix}-", svg)
        svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
        svg = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true">', svg, count=1)
        svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", svg)
        # PAPER is CSS, matplotlib's comments and line breaks are weight
        svg = re.sub(r"<!--.*?-->|\n\s*", "", svg, flags=re.DOTALL)
        self.panel = Panel(svg=Markup(with_variables(svg)), label=self._label)  # noqa: S704 - matplotlib escapes the text that it draws


@contextmanager
def canvas(prefix: str, label: str, *, height_in: float = HEIGHT_IN, rows: int = 1) -> Iterator[Canvas]:
    """Draw one panel.

    Args:
        prefix: Unique in the report; ids in the SVG begin with it.
        label: What the panel shows, in words.
        height_in: Height in inches.
        rows: How many axes, one under another on one x axis.
    """
    with mpl.rc_context(LOOK):
        figure = Figure(figsize=(WIDTH_IN, height_in))
        figure.subplots(rows, 1, sharex=True)
        drawn = Canvas(figure, label, prefix)
        yield drawn
        drawn.finish()
