"""Which twin serves more, at which distance."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes

from harness.model.measures import Comparison
from harness.model.summary import Summary
from harness.report.palette import FAINT, INK, Style, style_of
from harness.report.panel import SMALL, Canvas, FigureOf, Panel, Table, canvas
from harness.report.ticks import ratio_ticks
from harness.report.words import distance, number, ratio

ROW_IN = 0.34
WORDS = {"not_significant": "not significant", "too_few_blocks": "too few blocks"}
OF = {"throughput": "requests per second", "p50": "median wait"}
NEITHER = Style(colour=FAINT, marker="d", line="-")


def draw_ratios(summary: Summary) -> FigureOf | None:
    """Draw every comparison as a ratio with its interval, a panel a scenario; None if nothing was compared.

    The panel shows throughput where it was free to vary, else the median wait; the table has both.
    """
    compared = summary.measures.comparisons
    panels, told = [], []
    for scenario in summary.scenarios:
        mine = sorted((c for c in compared if c.scenario == scenario.name), key=lambda c: (c.second, c.added_ms))
        shown = "throughput" if scenario.shape.pace_s is None else "p50"
        drawn = [c for c in mine if c.metric == shown]
        told += mine
        if drawn:
            panels.append(_panel(drawn, summary, _edges(compared)))
    if not panels:
        return None
    others = " and ".join(dict.fromkeys(c.second for c in told))
    return FigureOf(
        title=f"Is {told[0].first} faster than {others}, and at which distance?",
        note="Each point is the geometric mean of the ratios of single blocks, each bar its 95 % interval."
        " Grey: the bar crosses 1, so the difference is not significant. About one interval in twenty"
        " misses the truth.",
        panels=tuple(panels),
        table=Table(
            columns=(
                "scenario",
                "distance",
                "of",
                "ratio (95 % interval)",
                "which is larger",
                "would show",
                "blocks",
            ),
            rows=tuple(_row(comparison) for comparison in told),
        ),
    )


def _edges(comparisons: Sequence[Comparison]) -> list[float]:
    """All ratios and bounds, so that every panel has one axis and they compare by eye."""
    return [edge for c in comparisons for edge in (c.ratio.low, c.ratio.value, c.ratio.high) if edge is not None]


def _panel(comparisons: Sequence[Comparison], summary: Summary, edges: Sequence[float]) -> Panel:
    scenario, metric, first = comparisons[0].scenario, comparisons[0].metric, comparisons[0].first
    others = list(dict.fromkeys(c.second for c in comparisons))
    other = others[0] if len(others) == 1 else "other"
    label = f"{scenario}: ratio {first}/{other} of {OF[metric]}. " + "; ".join(
        f"at {c.added_ms} ms {first}/{c.second} {ratio(c.ratio)}, {WORDS.get(c.word, 'sure')}" for c in comparisons
    )
    with canvas(f"ratio-{scenario}", label, height_in=1.3 + ROW_IN * len(comparisons)) as drawn:
        axes = drawn.axes
        axes.axvline(1, color=INK, linewidth=1.1)
        for place, comparison in enumerate(comparisons):
            _point(axes, place, comparison, summary.plan.targets)
        names = [distance(c.added_ms) if len(others) == 1 else f"{c.second}, {c.added_ms} ms" for c in comparisons]
        axes.set_yticks(range(len(comparisons)), names)
        axes.set_ylim(len(comparisons) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.set_xscale("log")
        ratio_ticks(axes, edges)
        if metric == "p50":  # a shorter wait is the faster one: the faster side stays where it is
            axes.invert_xaxis()
        axes.set_xlabel(f"{OF[metric]}, {first} / {other}")
        axes.set_title(scenario, pad=19)
        _directions(drawn, first, other)
    return drawn.panel


def _directions(drawn: Canvas, first: str, other: str) -> None:
    """Say on which side of 1 which target is the faster one: more requests, or a shorter wait."""
    for x, text, side in ((0, f"← {other} faster", "left"), (1, f"{first} faster →", "right")):
        drawn.axes.text(
            x, 1.02, text, transform=drawn.axes.transAxes, ha=side, va="bottom", fontsize=SMALL, color=FAINT
        )


def _point(axes: Axes, place: int, comparison: Comparison, targets: tuple[str, ...]) -> None:
    known = comparison.ratio
    faster = {"first": comparison.first, "second": comparison.second}.get(comparison.word)
    if comparison.metric == "p50" and faster:  # waiting longer is not being faster
        faster = comparison.second if faster == comparison.first else comparison.first
    style = style_of(faster, targets) if faster else NEITHER
    value = "no ratio" if math.isnan(known.value) else f"{known.value:.2f}"
    axes.text(1.03, place, value, transform=axes.get_yaxis_transform(), va="center", fontsize=9.5)
    if known.low is not None and known.high is not None:
        axes.plot([known.low, known.high], [place, place], color=style.colour, linewidth=2.5, solid_capstyle="butt")
    axes.plot([known.value], [place], marker=style.marker, color=style.colour, markersize=5.5, linestyle="none")


def _row(comparison: Comparison) -> tuple[str, ...]:
    larger = {"first": comparison.first, "second": comparison.second}.get(comparison.word)
    return (
        comparison.scenario,
        distance(comparison.added_ms),
        f"{OF[comparison.metric]}, {comparison.first} / {comparison.second}",
        ratio(comparison.ratio),
        larger or WORDS[comparison.word],
        number(None) if comparison.detectable is None else f"{number(100 * (comparison.detectable - 1))} %",
        str(comparison.ratio.blocks),
    )
