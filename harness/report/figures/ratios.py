"""Which target serves more, at which added latency."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.model.measures import Comparison
from harness.model.summary import Summary
from harness.report.palette import FAINT, INK, NEITHER, styles
from harness.report.panel import SMALL, FigureOf, Panel, Table, canvas
from harness.report.ticks import ratio_ticks
from harness.report.words import number, ratio

ROW_IN = 0.34
WORDS = {"not_significant": "not significant", "too_few_blocks": "too few blocks"}
OF = {"throughput": "requests per second", "p50": "median wait"}


def draw_ratios(summary: Summary) -> FigureOf | None:
    """Draw every comparison as a ratio with its interval, a panel a scenario; None if nothing was compared.

    The panel shows throughput where it was free to vary, else the median wait; the table has both.
    """
    told: list[Comparison] = []
    panels = []
    for scenario in summary.scenarios:
        compared = [c for c in summary.measures.comparisons if c.scenario == scenario.name]
        told += (mine := sorted(compared, key=lambda c: (c.second, c.added_ms)))
        shown = "throughput" if scenario.shape.pace_s is None else "p50"
        if drawn := [c for c in mine if c.metric == shown]:
            panels.append(_panel(drawn, summary))
    if not panels:
        return None
    others = " and ".join(dict.fromkeys(c.second for c in told))
    return FigureOf(
        title=f"Is {told[0].first} faster than {others}, and at which added latency?",
        note="Each point is the geometric mean of the ratios of single blocks, each bar its 95 % interval."
        " Grey: the bar crosses 1, so the difference is not significant. About one interval in twenty"
        " misses the truth.",
        panels=tuple(panels),
        table=Table(
            columns=(
                *("scenario", "added latency", "of", "ratio (95 % interval)"),
                *("which is larger", "would show", "blocks"),
            ),
            rows=tuple(_row(comparison) for comparison in told),
        ),
    )


def _panel(comparisons: Sequence[Comparison], summary: Summary) -> Panel:
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
            value = comparison.ratio.value
            style = styles(summary).get(_faster(comparison), NEITHER)
            drawn.interval(place, comparison.ratio, style, "no ratio" if math.isnan(value) else f"{value:.2f}")
        drawn.rows([f"{c.added_ms} ms" if len(others) == 1 else f"{c.second}, {c.added_ms} ms" for c in comparisons])
        axes.set_xscale("log")
        # every panel has one axis, so that they compare by eye
        known = [c.ratio for c in summary.measures.comparisons]
        ratio_ticks(axes, [edge for one in known for edge in (one.low, one.value, one.high) if edge is not None])
        if metric == "p50":  # a shorter wait is the faster one: the faster side stays where it is
            axes.invert_xaxis()
        axes.set_xlabel(f"{OF[metric]}, {first} / {other}")
        axes.set_title(scenario, pad=19)
        for x, text in ((0, f"← {other} faster"), (1, f"{first} faster →")):
            side = "right" if x else "left"
            axes.text(x, 1.02, text, transform=axes.transAxes, ha=side, va="bottom", fontsize=SMALL, color=FAINT)
    return drawn.panel


def _faster(comparison: Comparison) -> str:
    """Name the target that serves more or waits less, if it is sure; else return nothing."""
    if comparison.word in WORDS:
        return ""
    more = comparison.metric == "throughput"  # waiting longer is not being faster
    return comparison.first if (comparison.word == "first") is more else comparison.second


def _row(comparison: Comparison) -> tuple[str, ...]:
    larger = {"first": comparison.first, "second": comparison.second}.get(comparison.word)
    return (
        *(comparison.scenario, f"{comparison.added_ms} ms"),
        f"{OF[comparison.metric]}, {comparison.first} / {comparison.second}",
        ratio(comparison.ratio),
        larger or WORDS[comparison.word],
        number(None) if comparison.detectable is None else f"{number(100 * (comparison.detectable - 1))} %",
        str(comparison.ratio.blocks),
    )
