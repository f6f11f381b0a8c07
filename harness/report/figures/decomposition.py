"""How much of a ratio comes from which difference between its targets: factors, their product, and the ratio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from harness.model.measures import Comparison, Decomposed
from harness.model.plan import Decomposition
from harness.model.summary import Summary
from harness.report.figures.ratios import OF, WORDS, better_of, edges, title_with_sides
from harness.report.palette import INK, MARKS_ONLY, NEITHER, PAPER, styles
from harness.report.panel import Canvas, FigureOf, Panel, Table, canvas
from harness.report.ticks import ratio_ticks
from harness.report.words import listing, ratio

ROW_IN = 0.27
PRODUCT = "their product"


def draw_decomposition(summary: Summary) -> FigureOf | None:
    """Draw each ratio beside its factors, a panel a scenario and metric; None if no ratio was taken apart."""
    known, found = summary.plan.decomposition, summary.measures.decomposed
    if known is None or not found:
        return None
    first, second = known.whole
    kinds = " and how much from ".join(known.kinds)
    panels: list[Panel] = []
    told: list[Decomposed] = []
    for metrics in (("throughput", "p50"), ("processor",)):
        mine = [one for one in found if one.whole.metric in metrics]
        room = edges([part for one in mine for part in (one.whole, *one.factors)])
        for scenario in summary.scenarios:
            rows = sorted(
                (one for one in mine if one.whole.scenario == scenario.name), key=lambda one: one.whole.added_ms
            )
            panels += [_panel(rows, summary, known, room)] if rows else []
            told += rows
    return FigureOf(
        title=f"How much of {first} / {second} comes from {kinds}?",
        note=_note(known),
        panels=tuple(panels),
        table=_table(known, told),
    )


def _note(known: Decomposition) -> str:
    factors = listing([f"{one.name} ({one.first} / {one.second})" for one in known.factors])
    whole = " / ".join(known.whole)
    return (
        f"The two differ in more than one thing, and the targets between them in one at a time: {factors}. Over the"
        f" same rounds the product of these ratios is {whole} itself; it is a little off where one pair lacks"
        f" a round that another has. A factor has the colour of the one of {listing(known.whole)} for which it speaks."
        " Bars, grey, and what intervals promise are as above; the product has no bar of its own."
    )


def _panel(rows: Sequence[Decomposed], summary: Summary, known: Decomposition, room: Sequence[float]) -> Panel:
    """Draw one scenario by one metric, on an axis that has ``room`` for these: under each added latency its factors."""
    scenario, metric = rows[0].whole.scenario, rows[0].whole.metric
    first, second = known.whole
    names = [name for one in rows for name in (f"at {one.whole.added_ms} ms", *_names(known))]
    label = f"{scenario}: {OF[metric]}, {first} / {second} and its factors. " + "; ".join(
        f"at {one.whole.added_ms} ms "
        + ", ".join(f"{name} {text}" for name, text in zip(_names(known), _told(one), strict=True))
        for one in rows
    )
    with canvas(f"{metric}-factors-{scenario}", label, height_in=1.3 + ROW_IN * len(names)) as drawn:
        axes = drawn.axes
        axes.axvline(1, color=INK, linewidth=1.1)
        for number, one in enumerate(rows):
            _draw(drawn, number * len(names) // len(rows), one, summary)
        drawn.rows(names)
        for tick in axes.get_yticklabels()[:: len(names) // len(rows)]:
            tick.set_fontweight("bold")
        axes.set_xscale("log")
        ratio_ticks(axes, room)
        if metric != "throughput":  # as in the figure of the ratio itself, the better side stays where it is
            axes.invert_xaxis()
        axes.set_xlabel(f"{OF[metric]}, {first} / {second}")
        title_with_sides(axes, scenario, (f"← for {second}", f"for {first} →"), max(map(len, names)))
    return drawn.panel


def _draw(drawn: Canvas, top: int, one: Decomposed, summary: Summary) -> None:
    """Draw factors, product and ratio in the rows below ``top``."""
    product_row = top + 1 + len(one.factors)
    for row, known in [*enumerate(one.factors, top + 1), (product_row + 1, one.whole)]:
        for_whom = better_of(replace(known, first=one.whole.first, second=one.whole.second))
        drawn.interval(row, known.ratio, styles(summary).get(for_whom, NEITHER), f"{known.ratio.value:.2f}")
    look: dict[str, Any] = {"color": INK, "marker": "D", "markerfacecolor": PAPER, **MARKS_ONLY}
    drawn.axes.plot([one.product], [product_row], **look)
    drawn.write(product_row, f"{one.product:.2f}")


def _names(known: Decomposition) -> tuple[str, ...]:
    return (*(factor.name for factor in known.factors), PRODUCT, " / ".join(known.whole))


def _told(one: Decomposed) -> tuple[str, ...]:
    """Return factors, product and ratio in words, in the order of ``_names``."""
    return (*map(_sure, one.factors), f"{one.product:.2f}", _sure(one.whole))


def _sure(known: Comparison) -> str:
    return f"{ratio(known.ratio)}, {WORDS.get(known.word, 'sure')}"


def _table(known: Decomposition, found: Sequence[Decomposed]) -> Table:
    """List every ratio that was taken apart, in the order of the panels."""
    return Table(
        columns=("scenario", "added latency", "of", *_names(known)),
        rows=tuple(
            (
                *(one.whole.scenario, f"{one.whole.added_ms} ms", OF[one.whole.metric]),
                *(ratio(factor.ratio) for factor in one.factors),
                *(f"{one.product:.2f}", ratio(one.whole.ratio)),
            )
            for one in found
        ),
    )
