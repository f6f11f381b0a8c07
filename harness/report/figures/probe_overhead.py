"""What the probes cost the target that they are in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from harness.model.measures import LEAST_LEFT, ProbeOverhead
from harness.model.summary import Summary
from harness.report.palette import BAD, FAINT, INK, NEITHER, Style, styles
from harness.report.panel import FigureOf, Panel, Table, canvas
from harness.report.words import share

ROW_IN = 0.3


def draw_probe_overhead(summary: Summary) -> FigureOf:
    """Draw the throughput that is left with probes, a panel a scenario."""
    by_level = sorted(summary.measures.probe_overheads, key=lambda one: one.added_ms)
    known = [one for name in summary.plan.profile.scenarios for one in by_level if one.scenario == name]
    return FigureOf(
        title="What do the probes cost?",
        note=f"Throughput with probes over that without, in interleaved slices, with 95 % intervals. Dashed:"
        f" {LEAST_LEFT}, the least that is to be left. A ping never reaches the database, so it is the worst case:"
        " little else is done.",
        panels=tuple(_panel([*rows], styles(summary)) for _, rows in groupby(known, key=lambda one: one.scenario)),
        table=Table(
            columns=("scenario", "added latency", "with probes / without", "share left (95 % interval)", "blocks"),
            rows=tuple(
                (
                    *(one.scenario, f"{one.added_ms} ms", f"{one.probed} / {one.plain}"),
                    *(share(one.share), str(one.share.blocks)),
                )
                for one in known
            ),
        ),
    )


def _panel(rows: Sequence[ProbeOverhead], looks: Mapping[str, Style]) -> Panel:
    scenario = rows[0].scenario
    label = f"{scenario}: share of the throughput that is left. " + "; ".join(
        f"{one.probed} at {one.added_ms} ms {share(one.share)}" for one in rows
    )
    with canvas(f"observer-{scenario}", label, height_in=1.0 + ROW_IN * len(rows)) as drawn:
        axes = drawn.axes
        axes.axvline(1, color=INK, linewidth=1.1)
        axes.axvline(LEAST_LEFT, color=BAD, linewidth=1.1, linestyle="--")
        for place, one in enumerate(rows):
            # A target with probes looks like the same without: what the eye compares is one target with the other.
            drawn.interval(place, one.share, looks.get(one.plain, NEITHER), f"{one.share.value:.3f}")
        drawn.rows([f"{one.probed}, {one.added_ms} ms" for one in rows])
        axes.tick_params(axis="y", color=FAINT)
        axes.set_xlabel("throughput, with probes / without")
        axes.set_title(scenario)
    return drawn.panel
