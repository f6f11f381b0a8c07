"""Throughput, latency and garbage collection of each target against the added latency, a panel a scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from harness.model.measures import Cell, CellName, GarbageShare, Interval
from harness.model.summary import Summary
from harness.report.figures.cells import NAMED, by_scenario, cells_by_scenario, named
from harness.report.palette import FAINT, PAPER, Style, styles
from harness.report.panel import FigureOf, Panel, Table, canvas
from harness.report.ticks import log_ticks
from harness.report.words import interval, number

ASIDE = 0.09
NEXT_TO_NOTHING = 1e-4
QUANTILES = ("p50", "p95", "p99")
LEAST_TOP = 6.0  # per cent that an axis of shares reaches at least, so that next to nothing looks it
Named = TypeVar("Named", bound=CellName)


@dataclass(frozen=True, kw_only=True)
class _Shown(Generic[Named]):
    """One number of each cell. ``hollow`` tells it apart where a panel shows two."""

    pick: Callable[[Named], Interval | None]
    name: str = ""
    hollow: bool = False

    def fill(self, colour: str) -> str:
        """The colour within a mark."""
        return PAPER if self.hollow else colour


@dataclass(frozen=True, kw_only=True)
class _Axis:
    """What panels of one figure measure, in which unit, on an axis that is logarithmic or reaches ``top`` at least."""

    prefix: str
    unit: str
    log: bool = False
    top: float = 0.0


def draw_throughput(summary: Summary) -> FigureOf:
    """Draw requests per second.

    A scenario with a fixed offered rate is left out: its throughput is no capacity.
    """
    paced = {scenario.name for scenario in summary.scenarios if scenario.shape.pace_s is not None}
    scenarios = cells_by_scenario(summary, lambda cell: cell.scenario not in paced)
    axis, shown = _Axis(prefix="rps", unit="requests per second"), [_Shown[Cell](pick=lambda cell: cell.throughput_rps)]
    return FigureOf(
        title="How many requests per second does each twin serve?",
        note="Clients send back to back, so this is capacity under as many clients. Bars are 95 % intervals"
        " over blocks. Bars of two twins may overlap where the ratio above is sure: a slow block slows"
        " both.",
        panels=tuple(_panel(styles(summary), cells, axis, shown) for cells in scenarios.values()),
        table=Table(
            columns=(*NAMED, "requests/s (95 % interval)", "measured", "not ok"),
            rows=tuple(
                (*named(cell), interval(cell.throughput_rps), f"{cell.ops:,}", f"{cell.not_ok:,}")
                for cells in scenarios.values()
                for cell in cells
            ),
        ),
    )


def draw_latency(summary: Summary) -> FigureOf:
    """Draw the median and the 95th percentile of latency."""
    scenarios = cells_by_scenario(summary, lambda cell: cell.latency_ms)
    axis = _Axis(prefix="latency", unit="latency, ms", log=True)
    shown = [
        _Shown[Cell](pick=lambda cell: cell.latency_ms.get("p50"), name="p50"),
        _Shown[Cell](pick=lambda cell: cell.latency_ms.get("p95"), name="p95", hollow=True),
    ]
    return FigureOf(
        title="How long does a request wait?",
        note="From the moment a request was meant to be sent until its answer was read. Filled marks are"
        " medians, hollow ones 95th percentiles, bars 95 % intervals; the axis is logarithmic. The"
        " table adds the time from the actual send. A percentile with fewer than ten requests beyond"
        " it is left out.",
        panels=tuple(_panel(styles(summary), cells, axis, shown) for cells in scenarios.values()),
        table=Table(
            columns=(*NAMED, *(f"{name}{since}, ms" for since in ("", " from send") for name in QUANTILES)),
            rows=tuple(
                (
                    *named(cell),
                    *(interval(ms.get(name)) for ms in (cell.latency_ms, cell.service_ms) for name in QUANTILES),
                )
                for cells in scenarios.values()
                for cell in cells
            ),
        ),
    )


def draw_garbage(summary: Summary) -> FigureOf:
    """Draw what garbage collections take of each target's processor time: full ones, and all of them."""
    scenarios = by_scenario(summary, summary.measures.garbage)
    axis = _Axis(prefix="garbage", unit="processor time, %", top=LEAST_TOP)
    shown = [
        _Shown[GarbageShare](pick=lambda cell: _percent(cell.full), name="full collections"),
        _Shown[GarbageShare](pick=lambda cell: _percent(cell.all), name="all collections", hollow=True),
    ]
    return FigureOf(
        title="What does garbage collection take?",
        note="Share of a target's processor time, as it tells itself, warm-up included. A full collection looks"
        " through all objects that there are, and lets every request wait meanwhile; gc.freeze() after the start"
        " spares it those that stay. Filled marks are full collections, hollow ones all collections, bars 95 %"
        " intervals over blocks.",
        panels=tuple(_panel(styles(summary), cells, axis, shown) for cells in scenarios.values()),
        table=Table(
            columns=(*NAMED, "full, %", "all, %", "a full one takes, ms", "requests from one to the next"),
            rows=tuple(
                (
                    *(*named(cell), interval(_percent(cell.full)), interval(_percent(cell.all))),
                    *(number(value or None) for value in (cell.full_ms, cell.requests_each)),
                )
                for cells in scenarios.values()
                for cell in cells
            ),
        ),
    )


def _percent(share: Interval) -> Interval:
    low, high = (None if bound is None else 100 * bound for bound in (share.low, share.high))
    return replace(share, value=100 * share.value, low=low, high=high)


def _panel(looks: Mapping[str, Style], cells: Sequence[Named], axis: _Axis, shown: Sequence[_Shown[Named]]) -> Panel:
    """Draw one scenario: a point and its interval for each target at each level."""
    scenario, levels = cells[0].scenario, sorted({cell.added_ms for cell in cells})
    label = f"{scenario}: {axis.unit} by added latency. " + "; ".join(
        " ".join(part for part in (cell.target, f"at {cell.added_ms} ms", one.name, interval(one.pick(cell))) if part)
        for cell in cells
        for one in shown
    )
    with canvas(f"{axis.prefix}-{scenario}", label) as drawn:
        axes = drawn.axes
        edges: list[float | None] = []
        series = [(target, one) for target in looks for one in shown]
        for number, (target, one) in enumerate(series):
            # side by side, so that bars of equal height don't hide each other
            aside = ASIDE * (number - (len(series) - 1) / 2)
            points = [(levels.index(c.added_ms) + aside, one.pick(c)) for c in cells if c.target == target]
            known = [(place, value) for place, value in points if value is not None]
            _series(axes, known, looks[target], one)
            edges += [edge for _, value in known for edge in (value.value, value.low, value.high)]
        axes.set_title(scenario)
        axes.set_ylabel(axis.unit)
        axes.set_xlabel("added round trip to the database, ms")
        axes.set_xticks(range(len(levels)), [str(level) for level in levels])
        axes.set_xlim(-0.5, len(levels) - 0.5)
        if axis.log:
            axes.set_yscale("log")
            log_ticks(axes, "y", [edge for edge in edges if edge is not None])
        else:
            axes.set_ylim(bottom=0, top=max(axis.top, axes.get_ylim()[1]))
        drawn.legend_of(looks, _kinds(shown) if len(shown) > 1 else ())
    return drawn.panel


def _kinds(shown: Sequence[_Shown[Named]]) -> list[Line2D]:
    """Entries that tell two numbers of one target apart."""
    look: dict[str, Any] = {"color": FAINT, "marker": "o", "linestyle": "none"}
    return [Line2D([], [], markerfacecolor=one.fill(FAINT), label=one.name, **look) for one in shown]


def _series(axes: Axes, known: Sequence[tuple[float, Interval]], style: Style, one: _Shown[Named]) -> None:
    for place, value in known:
        if value.low is not None and value.high is not None:
            # nothing is below zero, and a logarithmic axis has no zero: there the bar runs off the edge
            ends = [max(value.low, value.value * NEXT_TO_NOTHING), value.high]
            width = 1.0 if one.hollow else 2.0
            axes.plot([place] * 2, ends, color=style.colour, linewidth=width, solid_capstyle="butt")
    axes.plot(
        [place for place, _ in known],
        [value.value for _, value in known],
        markerfacecolor=one.fill(style.colour),
        linewidth=1.0 if one.hollow else 1.6,
        **style.look,
    )
