"""One panel of a figure: matplotlib to inline SVG, narrow enough for a phone, text as text."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from harness.model.measures import Interval
from harness.report.palette import FAINT, GRID, INK, MARKS_ONLY, Style
from harness.report.svg import inlined

mpl.rcdefaults()  # whatever a matplotlibrc says that lies in a home or in the current folder
# A panel is drawn at the width of a phone and laid out beside others where there is room,
# so that its text is never scaled down.
WIDTH_IN = 3.9
HEIGHT_IN = 2.7
LEGEND_COLUMNS = 4
LEGEND_WIDTH, MARK_WIDTH = 54, 6  # in letters
SMALL = 9.3  # points: still more than 11 pixels on a phone

LOOK: Any = {  # Any: matplotlib types the keys of its settings as one literal of hundreds
    "svg.fonttype": "none",  # text stays text: it can be read out, found and restyled
    "svg.hashsalt": "twinbench",  # the same evidence draws the same bytes
    "text.parse_math": False,  # a dollar in a name is a dollar
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
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": SMALL,
    "lines.markersize": 5,
    "hatch.linewidth": 0.8,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A drawn panel: the picture, and the same in words for who can't see it."""

    svg: Markup
    label: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """The numbers behind a figure. Of columns of ``text`` a cell may take several lines."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FigureOf:
    """A figure of the report, or a table that needs none; false if it has nothing to show.

    ``title`` is the question that it answers.
    """

    title: str
    note: str
    table: Table
    panels: tuple[Panel, ...] = ()
    folded: bool = False

    def __bool__(self) -> bool:
        """Tell whether there is anything to show."""
        return bool(self.table.rows)


@dataclass(kw_only=True)
class Canvas:
    """A panel being drawn: ``panel`` is the result, once it is."""

    figure: Figure
    panel: Panel

    @property
    def axes(self) -> Axes:
        """The one set of axes, or the first of several."""
        return self.figure.axes[0]

    def rows(self, names: Sequence[str]) -> None:
        """Make rows of the y axis, the first on top."""
        self.axes.set_yticks(range(len(names)), names)
        self.axes.set_ylim(len(names) - 0.4, -0.6)
        self.axes.grid(visible=False, axis="y")

    def interval(self, row: int, known: Interval, style: Style, text: str) -> None:
        """Draw a value and its interval in a row, and write ``text`` beside it."""
        if known.low is not None and known.high is not None:
            ends = [known.low, known.high]
            self.axes.plot(ends, [row, row], color=style.colour, linewidth=2.5, solid_capstyle="butt")
        self.axes.plot([known.value], [row], **style.look | MARKS_ONLY)
        self.write(row, text)

    def write(self, row: int, text: str) -> None:
        """Write beside a row, right of the axes."""
        self.axes.text(1.03, row, text, transform=self.axes.get_yaxis_transform(), va="center")

    def legend_of(self, styles: Mapping[str, Style], more: Sequence[Artist] = (), look: Mapping[str, Any] = {}) -> None:
        """Name series by their styles, and ``more`` after them; ``look`` goes before what a style says."""
        series = [Line2D([], [], label=name, **{**style.look, **look}) for name, style in styles.items()]
        self.legend([*series, *more])

    def legend(self, handles: Sequence[Artist], columns: int = LEGEND_COLUMNS) -> None:
        """Name the series below the axes, where the names can hide no data."""
        widest = max(len(str(handle.get_label())) for handle in handles)
        columns = min(len(handles), columns, max(1, LEGEND_WIDTH // (widest + MARK_WIDTH)))
        place: Any = {"loc": "outside lower center", "ncols": columns}
        self.figure.legend(handles=handles, columnspacing=1.0, handlelength=1.9, handletextpad=0.4, **place)


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
        drawn = Canvas(figure=figure, panel=Panel(svg=Markup(), label=label))
        yield drawn
        out = io.StringIO()
        # what Figure.savefig does in the end: it would go through all that is to be drawn once more before
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]
        drawn.panel = Panel(svg=inlined(out.getvalue(), prefix), label=label)
