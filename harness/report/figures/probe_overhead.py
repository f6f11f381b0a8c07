"""What the probes cost the target that they are in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from harness.model.measures import LEAST_LEFT, ProbeOverhead
from harness.model.summary import Summary
from harness.report.palette import BAD, FAINT, INK, style_of
from harness.report.panel import FigureOf, Panel, Table, canvas
from harness.report.words import distance, share

ROW_IN = 0.3


def draw_probe_overhead(summary: Summary) -> FigureOf | None:
    """Draw the throughput that is left with probes, a panel a scenario; None if nothing shows it."""
    by_level = sorted(summary.measures.probe_overheads, key=lambda one: one.added_ms)
    known = [one for name in summary.plan.profile.scenarios for one in by_level if one.scenario == name]
    if not known:
        return None
    return FigureOf(
        title="What do the probes cost?",
        note=f"Throughput with probes over that without, in interleaved slices, with 95 % intervals. Dashed:"
        f" {LEAST_LEFT}, the least that is to be left. A ping never reaches the database, so it is the worst case:"
        " little else is done.",
        panels=tuple(
            _panel(scenario, [*rows], summary.plan.targets)
            for scenario, rows in groupby(known, key=lambda one: one.scenario)
        ),
        table=Table(
            columns=("scenario", "distance", "with probes / without", "share left (95 % interval)", "blocks"),
            rows=tuple(
                (
                    one.scenario,
                    distance(one.added_ms),
                    f"{one.probed} / {one.plain}",
                    share(one.share),
                    str(one.share.blocks),
                )
                for one in known
            ),
        ),
    )


def _panel(scenario: str, rows: Sequence[ProbeOverhead], targets: tuple[str, ...]) -> Panel:
    label = f"{scenario}: share of the throughput that is left. " + "; ".join(
        f"{one.probed} at {one.added_ms} ms {share(one.share)}" for one in rows
    )
    with canvas(f"observer-{scenario}", label, height_in=1.0 + ROW_IN * len(rows)) as drawn:
        axes = drawn.axes
        axes.axvline(1, color=INK, linewidth=1.1)
        axes.axvline(LEAST_LEFT, color=BAD, linewidth=1.1, linestyle="--")
        for place, one in enumerate(rows):
            # A target with probes looks like the same without: what the eye compares is async with sync.
            style = style_of(one.plain, targets)
            if one.share.low is not None and one.share.high is not None:
                bar = [one.share.low, one.share.high]
                axes.plot(bar, [place, place], color=style.colour, linewidth=2.5, solid_capstyle="butt")
            axes.plot([one.share.value], [place], marker=style.marker, color=style.colour, linestyle="none")
            axes.text(1.03, place, f"{one.share.value:.3f}", transform=axes.get_yaxis_transform(), va="center")
        axes.set_yticks(range(len(rows)), [f"{one.probed}, {one.added_ms} ms" for one in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", color=FAINT)
        axes.set_xlabel("throughput, with probes / without")
        axes.set_title(scenario)
    return drawn.panel
