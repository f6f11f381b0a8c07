"""One quantity against the distance from the database: the panel that throughput and latency share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from harness.model.measures import Cell, Interval
from harness.report.figures.series import handle
from harness.report.palette import FAINT, PAPER, Style, style_of
from harness.report.panel import Panel, canvas
from harness.report.ticks import log_ticks
from harness.report.words import interval

ASIDE = 0.09
NEXT_TO_NOTHING = 1e-4


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One number of each cell. ``hollow`` tells it apart where a panel shows two."""

    pick: Callable[[Cell], Interval | None]
    name: str = ""
    hollow: bool = False


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a panel is drawn: its quantity with the unit, and whether its axis is logarithmic."""

    prefix: str
    unit: str
    log: bool = False


def level_panel(
    targets: tuple[str, ...], scenario: str, cells: Sequence[Cell], look: Look, shown: Sequence[Shown]
) -> Panel:
    """Draw one scenario: a point and its interval for each target at each level."""
    levels = sorted({cell.added_ms for cell in cells})
    label = f"{scenario}: {look.unit} by distance. " + "; ".join(
        " ".join(part for part in (cell.target, f"at {cell.added_ms} ms", one.name, interval(one.pick(cell))) if part)
        for cell in cells
        for one in shown
    )
    with canvas(f"{look.prefix}-{scenario}", label) as drawn:
        axes = drawn.axes
        if look.log:
            axes.set_yscale("log")
        values = []
        series = [(target, one) for target in targets for one in shown]
        for number, (target, one) in enumerate(series):
            # side by side, so that bars of equal height don't hide each other
            aside = ASIDE * (number - (len(series) - 1) / 2)
            points = [(levels.index(c.added_ms) + aside, one.pick(c)) for c in cells if c.target == target]
            known = [(place, value) for place, value in points if value is not None]
            _series(axes, known, style_of(target, targets), one)
            values += [value for _, value in known]
        axes.set_title(scenario)
        axes.set_ylabel(look.unit)
        axes.set_xlabel("added round trip to the database, ms")
        axes.set_xticks(range(len(levels)), [str(level) for level in levels])
        axes.set_xlim(-0.5, len(levels) - 0.5)
        if look.log:
            log_ticks(axes, "y", [value.value for value in values] + _bounds(values))
        else:
            axes.set_ylim(bottom=0)
        drawn.legend([handle(target, targets) for target in targets] + _kinds(shown))
    return drawn.panel


def _kinds(shown: Sequence[Shown]) -> list[Line2D]:
    """Entries that tell two numbers of one target apart; none where a panel shows one."""
    if len(shown) < 2:  # noqa: PLR2004 - one number needs no telling apart
        return []
    return [
        Line2D(
            [],
            [],
            color=FAINT,
            marker="o",
            markerfacecolor=_fill(one, FAINT),
            linestyle="none",
            label=one.name,
        )
        for one in shown
    ]


def _fill(one: Shown, colour: str) -> str:
    return PAPER if one.hollow else colour


def _bounds(values: Sequence[Interval]) -> list[float]:
    return [bound for value in values for bound in (value.low, value.high) if bound is not None]


def _series(axes: Axes, known: Sequence[tuple[float, Interval]], style: Style, one: Shown) -> None:
    for place, value in known:
        if value.low is not None and value.high is not None:
            # nothing is below zero, and a logarithmic axis has no zero: there the bar runs off the edge
            ends = [max(value.low, value.value * NEXT_TO_NOTHING), value.high]
            axes.plot(
                [place] * 2,
                ends,
                color=style.colour,
                linewidth=1.0 if one.hollow else 2.0,
                solid_capstyle="butt",
            )
    axes.plot(
        [place for place, _ in known],
        [value.value for _, value in known],
        color=style.colour,
        marker=style.marker,
        markerfacecolor=_fill(one, style.colour),
        linestyle=style.line,
        linewidth=1.0 if one.hollow else 1.6,
    )
