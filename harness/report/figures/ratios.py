"""Which twin serves more, at which distance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from harness.findings import Comparison, Summary
from harness.report.canvas import FigureOf, Panel, Table, canvas
from harness.report.palette import FAINT, INK, STYLES
from harness.report.words import number, ratio

ROW_IN = 0.34
TICKS = (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
MAX_TICKS = 6
WORDS = {"noise": "inside the noise", "too few blocks": "too few blocks"}


def draw_ratios(summary: Summary) -> FigureOf | None:
    """Draw every comparison as a ratio with its interval; None if nothing was compared."""
    paced = {scenario.name for scenario in summary.scenarios if scenario.shape.pace_s is not None}
    comparisons = sorted(summary.analysis.comparisons, key=lambda c: (c.scenario, c.level_ms))
    throughput = [c for c in comparisons if c.metric == "throughput"]
    waits = [c for c in comparisons if c.metric == "p50" and c.scenario in paced]
    panels = [_panel(group, metric) for group, metric in ((throughput, "throughput"), (waits, "p50")) if group]
    if not panels:
        return None
    first, second = comparisons[0].first, comparisons[0].second
    return FigureOf(
        id="ratios",
        title=f"Is {first} faster than {second}, and at which distance?",
        note="Each point is the geometric mean over blocks, each bar its 95 % interval. A bar that crosses 1 is a"
        " difference inside the noise. About one interval in twenty misses the truth.",
        panels=tuple(panels),
        table=Table(
            columns=("scenario", "distance", "of", "ratio (95 % interval)", "which is larger", "would show", "blocks"),
            rows=tuple(_row(comparison) for comparison in comparisons),
        ),
    )


def _panel(comparisons: Sequence[Comparison], metric: Literal["throughput", "p50"] | str) -> Panel:
    first, second = comparisons[0].first, comparisons[0].second
    of = "requests per second" if metric == "throughput" else "median wait"
    label = f"Ratio {first}/{second} of {of}: " + "; ".join(
        f"{c.scenario} at {c.level_ms} ms {ratio(c.ratio)}" for c in comparisons
    )
    with canvas(f"ratio-{metric}", label, height_in=1.15 + ROW_IN * len(comparisons)) as drawn:
        axes = drawn.axes
        for place, comparison in enumerate(comparisons):
            _point(axes, place, comparison)
        axes.axvline(1, color=INK, linewidth=1.2)
        axes.set_yticks(range(len(comparisons)), [f"{c.scenario}  {c.level_ms} ms" for c in comparisons])
        axes.set_ylim(len(comparisons) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.set_xscale("log")
        _ticks(axes, comparisons)
        axes.set_xlabel(f"{of}, {first} / {second}")
        more, less = (first, second) if metric == "throughput" else (second, first)
        axes.set_title(f"← {less} faster   1   {more} faster →", loc="center", fontsize=9)
    return drawn.panel


def _point(axes: Axes, place: int, comparison: Comparison) -> None:
    known = comparison.ratio
    style = {"first": STYLES[0], "second": STYLES[1]}.get(comparison.word)
    if comparison.metric == "p50" and style is not None:  # waiting longer is not being faster
        style = STYLES[1] if comparison.word == "first" else STYLES[0]
    colour = style.colour if style else FAINT
    if known.low is not None and known.high is not None:
        axes.plot([known.low, known.high], [place, place], color=colour, linewidth=2.5, solid_capstyle="butt")
    marker = style.marker if style else "d"
    axes.plot([known.value], [place], marker=marker, color=colour, markersize=6, linestyle="none")


def _ticks(axes: Axes, comparisons: Sequence[Comparison]) -> None:
    edges = [
        edge for c in comparisons for edge in (c.ratio.low, c.ratio.high, c.ratio.value) if edge and edge > 0
    ]
    low, high = min([0.9, *edges]) * 0.95, max([1.1, *edges]) * 1.05
    axes.set_xlim(low, high)
    ticks = [tick for tick in TICKS if low <= tick <= high]
    while len(ticks) > MAX_TICKS:
        ticks = [tick for place, tick in enumerate(ticks) if tick == 1 or place % 2 == ticks.index(1.0) % 2]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _row(comparison: Comparison) -> tuple[str, ...]:
    larger = {"first": comparison.first, "second": comparison.second}.get(comparison.word)
    return (
        comparison.scenario,
        f"{comparison.level_ms} ms",
        "requests per second" if comparison.metric == "throughput" else "median wait",
        ratio(comparison.ratio),
        larger or WORDS[comparison.word],
        "–" if comparison.detectable is None else f"{number(100 * (comparison.detectable - 1))} %",
        str(comparison.ratio.blocks),
    )
