"""A block on one time axis: load above, latency below, and the faults shaded through both."""

from __future__ import annotations

from matplotlib.axes import Axes

from harness.findings import Summary, Timeline
from harness.report.canvas import FigureOf, Panel, Table, canvas
from harness.report.palette import FAULT, INK, style_of
from harness.report.words import number

HEIGHT_IN = 3.6
WEAK_MS = 10  # shaded paler below this
HATCHES = ("", "///")


def draw_timelines(summary: Summary) -> FigureOf | None:
    """Draw one panel a block; None if nothing was recorded."""
    timelines = summary.analysis.timelines
    if not timelines:
        return None
    rows = tuple(
        (str(line.block), f"{start:.1f} s", f"{end:.1f} s", f"latency, {detail}")
        for line in timelines
        for start, end, detail in line.faults
    )
    return FigureOf(
        id="timelines",
        title="What happened when?",
        note="Requests answered and their median latency in bins of "
        f"{number(1000 * timelines[0].bin_s)} ms, warm-up and draining included. Shaded: added latency was in force,"
        " paler below 10 ms and hatched from 10 ms on. Trials run in turns, A B B A, in an order that differs by block.",
        panels=tuple(_panel(summary, line) for line in timelines),
        table=Table(columns=("block", "from", "to", "in force"), rows=rows),
    )


def _panel(summary: Summary, line: Timeline) -> Panel:
    label = f"Block {line.block}: requests per second and median latency over time, with {len(line.faults)} fault windows"
    with canvas(f"time-{line.block}", label, height_in=HEIGHT_IN, rows=2) as drawn:
        load, wait = drawn.figure.axes
        for target in summary.plan.targets:
            style = style_of(target, summary.plan.targets)
            points = [point for point in line.points if point.target == target]
            times = [point.t_s for point in points]
            marks = {"color": style.colour, "linestyle": "none", "marker": style.marker, "markersize": 2.2}
            load.plot(times, [point.rps for point in points], **marks, label=target)
            wait.plot(times, [point.p50_ms or float("nan") for point in points], **marks)
        for axes in (load, wait):
            _shade(axes, line)
            axes.grid(visible=False, axis="x")
        load.set_title(f"Block {line.block}")
        load.set_ylabel("requests per second")
        load.set_ylim(bottom=0)
        load.legend(loc="upper right", markerscale=2.5, ncols=2, handletextpad=0.1)
        load.margins(y=0.18)
        wait.set_ylabel("median latency, ms")
        if any(point.p50_ms for point in line.points if point.target in summary.plan.targets):
            wait.set_yscale("log")
            wait.yaxis.set_major_formatter("{x:g}")
        wait.set_xlabel("time since the block's first request, s")
    return drawn.panel


def _shade(axes: Axes, line: Timeline) -> None:
    for start, end, detail in line.faults:
        strong = int(detail.split()[0]) >= WEAK_MS
        axes.axvspan(
            start,
            end,
            facecolor=FAULT,
            edgecolor=INK if strong else "none",
            alpha=0.35 if strong else 0.18,
            hatch=HATCHES[strong],
            linewidth=0,
        )
