"""Which target serves more, and which takes less processor time for it, at which added latency."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from harness.model.measures import Comparison
from harness.model.summary import Summary
from harness.report.palette import FAINT, INK, NEITHER, styles
from harness.report.panel import SMALL, FigureOf, Panel, Table, canvas
from harness.report.ticks import ratio_ticks
from harness.report.words import number, ratio

ROW_IN = 0.34
PANEL_LETTERS = 46  # that fit beside each other in a panel
LINE_PT = 12
FARTHEST = 3.0  # of the first blocks bars reach so far that an axis for all of them would show nothing else
WORDS = {"not_significant": "not significant", "too_few_blocks": "too few blocks"}
OF = {"throughput": "requests per second", "p50": "median wait", "processor": "processor time a request"}


def draw_ratios(summary: Summary) -> FigureOf | None:
    """Draw the ratios of throughput, or of the median wait where the rate is fixed; None if nothing was compared."""
    told, panels = _drawn(summary, ("throughput", "p50"))
    if not told:
        return None
    others = " and ".join(dict.fromkeys(one.second for one in told))
    return FigureOf(
        title=f"Is {told[0].first} faster than {others}, and at which added latency?",
        note=_note(summary),
        panels=panels,
        table=_table(summary, told),
    )


def draw_processor(summary: Summary) -> FigureOf | None:
    """Draw the ratios of processor time a request; None if nothing was compared."""
    told, panels = _drawn(summary, ("processor",))
    if not told:
        return None
    others = " and ".join(dict.fromkeys(one.second for one in told))
    return FigureOf(
        title=f"Does a request to {told[0].first} take less processor time than one to {others}?",
        note="Processor time of the target's own processes for each request that was answered well; PostgreSQL, proxy"
        " and load generator are not in it. Below 1 the first target is cheaper. Points, bars and what their intervals"
        " promise are as above.",
        panels=panels,
        table=_table(summary, told),
    )


def _drawn(summary: Summary, metrics: Sequence[str]) -> tuple[list[Comparison], tuple[Panel, ...]]:
    """Return the comparisons by one of these, and a panel for those of each scenario, all on one axis."""
    found = [one for one in summary.measures.comparisons if one.metric in metrics]
    by_scenario = [
        sorted((one for one in found if one.scenario == scenario.name), key=lambda one: (one.second, one.added_ms))
        for scenario in summary.scenarios
    ]
    panels = tuple(_panel(mine, summary, edges(found)) for mine in by_scenario if mine)
    return [one for mine in by_scenario for one in mine], panels


def edges(found: Sequence[Comparison]) -> list[float]:
    """Return what an axis has to have room for: all ratios, and their intervals as far as one can still read them."""
    values = [one.ratio.value for one in found if not math.isnan(one.ratio.value)]
    low, high = min(values, default=1.0) / FARTHEST, max(values, default=1.0) * FARTHEST
    bounds = [bound for one in found for bound in (one.ratio.low, one.ratio.high) if bound is not None]
    return values + [min(max(bound, low), high) for bound in bounds]


def _note(summary: Summary) -> str:
    """Say what points and bars are, and what their intervals promise."""
    bars = (
        f"{_point(summary)}, each bar its 95 % interval."
        " Grey: the bar crosses 1, so the difference is not significant. A bar that leaves its panel goes on, as the"
        " numbers say."
    )
    together = len(summary.measures.ratios)
    promised = (
        f"The intervals hold at any time, all {together} of this run together at 95 %: so the run may be looked at and"
        " stopped at any moment (Lai 1976; Wang and Ramdas 2023)."
    )
    return f"{bars} {promised if summary.plan.sliced else 'About one interval in twenty misses the truth.'}"


def _point(summary: Summary) -> str:
    """Say what a point is, by how targets were compared."""
    if summary.plan.sliced:
        return "Each point is the ratio of two rates, over all slices of either target"
    return "Each point is the geometric mean of the ratios of single blocks"


def _table(summary: Summary, told: Sequence[Comparison]) -> Table:
    """List the comparisons, with what each would have shown where the number of blocks was fixed beforehand."""
    shown, counted = ((), "units") if summary.plan.sliced else (("would show",), "blocks")
    return Table(
        columns=("scenario", "added latency", "of", "ratio (95 % interval)", "which is larger", *shown, counted),
        rows=tuple(_row(one, with_shown=bool(shown)) for one in told),
    )


def _panel(comparisons: Sequence[Comparison], summary: Summary, room: Sequence[float]) -> Panel:
    """Draw one scenario's ratios by one metric, on an axis that has ``room`` for these."""
    scenario, metric, first = comparisons[0].scenario, comparisons[0].metric, comparisons[0].first
    others = list(dict.fromkeys(c.second for c in comparisons))
    other = others[0] if len(others) == 1 else "other"
    label = f"{scenario}: ratio {first}/{other} of {OF[metric]}. " + "; ".join(
        f"at {c.added_ms} ms {first}/{c.second} {ratio(c.ratio)}, {WORDS.get(c.word, 'sure')}" for c in comparisons
    )
    with canvas(f"{metric}-ratio-{scenario}", label, height_in=1.3 + ROW_IN * len(comparisons)) as drawn:
        axes = drawn.axes
        axes.axvline(1, color=INK, linewidth=1.1)
        for place, comparison in enumerate(comparisons):
            value = comparison.ratio.value
            style = styles(summary).get(better_of(comparison), NEITHER)
            drawn.interval(place, comparison.ratio, style, "no ratio" if math.isnan(value) else f"{value:.2f}")
        names = [f"{c.added_ms} ms" if len(others) == 1 else f"{c.second}, {c.added_ms} ms" for c in comparisons]
        drawn.rows(names)
        axes.set_xscale("log")
        ratio_ticks(axes, room)  # every panel of a figure has one axis, so that they compare by eye
        if metric != "throughput":  # a shorter wait is the faster one: the better side stays where it is
            axes.invert_xaxis()
        axes.set_xlabel(f"{OF[metric]}, {first} / {other}")
        better = "cheaper" if metric == "processor" else "faster"
        title_with_sides(axes, scenario, (f"← {other} {better}", f"{first} {better} →"), max(map(len, names)))
    return drawn.panel


def title_with_sides(axes: Axes, title: str, sides: tuple[str, str], letters: int) -> None:
    """Write a title, and below it what either side of the axis means; ``letters`` has the longest name of a row."""
    # one above the other where long names of rows leave no room for both
    lines = 1 + (len("".join(sides)) + letters > PANEL_LETTERS)
    axes.set_title(title, pad=7 + LINE_PT * lines)
    look: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom"}
    look |= {"fontsize": SMALL, "color": FAINT}
    axes.annotate(sides[0], (0, 1), (0, 2), ha="left", **look)
    axes.annotate(sides[1], (1, 1), (0, 2 + LINE_PT * (lines - 1)), ha="right", **look)


def better_of(comparison: Comparison) -> str:
    """Name the target that serves more, waits less or costs less, if it is sure; else return nothing."""
    if comparison.word in WORDS:
        return ""
    more = comparison.metric == "throughput"  # waiting longer or costing more is not being better
    return comparison.first if (comparison.word == "first") is more else comparison.second


def _row(comparison: Comparison, *, with_shown: bool) -> tuple[str, ...]:
    larger = {"first": comparison.first, "second": comparison.second}.get(comparison.word)
    seen = comparison.detectable
    shown = number(None) if seen is None else f"{number(100 * (seen - 1))} %"
    return (
        *(comparison.scenario, f"{comparison.added_ms} ms"),
        f"{OF[comparison.metric]}, {comparison.first} / {comparison.second}",
        ratio(comparison.ratio),
        larger or WORDS[comparison.word],
        *((shown,) if with_shown else ()),
        str(comparison.ratio.blocks),
    )
