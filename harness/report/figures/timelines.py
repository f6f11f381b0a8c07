"""A block on one time axis: load, latency, what probes saw, one under another, and the faults shaded through all."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from harness.model.measures import Timeline
from harness.model.summary import Summary
from harness.report.palette import FAINT, FAULT, style_of
from harness.report.panel import FigureOf, Panel, Table, canvas
from harness.report.ticks import log_ticks
from harness.report.words import number

HEIGHT_IN = 3.7
INSIDE_HEIGHT_IN = 1.6
# What probes see, by panel: the name of its axis, and what is in it; the second is drawn with open marks.
INSIDE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("loop late, ms", ("lag_ms",)),
    ("in use, waiting", ("in_use", "waiting")),
    ("statements", ("statements",)),
)
WORDS = {"lag_ms": "ms late", "in_use": "in use", "waiting": "without", "statements": "statements"}
HATCHES = ("", "////", r"\\\\", "||||", "----", "xxxx")
PALEST, STRONGEST = 0.15, 0.5
LINEAR_BELOW_RPS = 10
HEADROOM = 1.6
# Beyond as many bins the table tells the faults only, so that the page stays light.
MOST_BINS = 2500


def draw_timelines(summary: Summary) -> FigureOf | None:
    """Draw one panel a block; None if nothing was recorded."""
    timelines = summary.measures.timelines
    if not timelines:
        return None
    faults = sorted({detail for line in timelines for _, _, detail in line.faults}, key=_strength)
    return FigureOf(
        title="What happened when?",
        note=f"Requests answered, and their median latency, in bins of {number(1000 * timelines[0].bin_s)}"
        " ms, warm-up and draining included; crosses are requests that were not answered well. Shaded and"
        " hatched: a fault was in force (a time is latency added to each round trip to the database). Trials run"
        " in turns, A B B A, in an order that differs by block. Both axes are logarithmic, requests from 10 a"
        " second on. Of targets with probes inside: how late the event loop was at most, connections in use and"
        " requests that wait without one (open marks), and statements a request.",
        panels=tuple(_panel(summary.plan.targets, line, faults) for line in timelines),
        table=Table(
            columns=("block", "from, s", "to, s", "what", "requests/s", "not ok/s", "p50, ms", "seen inside"),
            rows=_rows(timelines),
        ),
    )


def _strength(detail: str) -> tuple[float, str]:
    """Order faults by the number that their detail begins with; those without one come last."""
    found = re.match(r"\d+(?:\.\d+)?", detail)
    return (float(found[0]) if found else float("inf"), detail)


def _panel(targets: tuple[str, ...], line: Timeline, faults: Sequence[str]) -> Panel:
    windows = "one fault window" if len(line.faults) == 1 else f"{len(line.faults)} fault windows"
    label = f"Block {line.block}: requests per second and median latency over time, with {windows}"
    inside = [(name, metrics) for name, metrics in INSIDE if any(point.metric in metrics for point in line.inside)]
    if inside:
        label += "; below, as probes saw it: " + ", ".join(name.replace("\n", " ") for name, _ in inside)
    height_in = HEIGHT_IN + INSIDE_HEIGHT_IN * len(inside)
    with canvas(f"time-{line.block}", label, height_in=height_in, rows=2 + len(inside)) as drawn:
        load, wait, *below = drawn.figure.axes
        for target in targets:
            points = [point for point in line.points if point.target == target]
            _marks(load, [(point.t_s, point.rps) for point in points], target, targets)
            not_ok = [(point.t_s, point.not_ok_rps) for point in points if point.not_ok_rps]
            _marks(load, not_ok, target, targets, marker="x")
            waits = [(point.t_s, point.p50_ms) for point in points if point.p50_ms is not None]
            _marks(wait, waits, target, targets)
            for axes, (_, metrics) in zip(below, inside, strict=True):
                for place, metric in enumerate(metrics):
                    seen = [(p.t_s, p.value) for p in line.inside if (p.target, p.metric) == (target, metric)]
                    _marks(axes, seen, target, targets, is_open=bool(place))
        shades = {detail: _shade(place, len(faults)) for place, detail in enumerate(faults)}
        for axes in (load, wait, *below):
            for start, end, detail in _merged(line):
                axes.axvspan(start, end, **shades[detail])
            axes.grid(visible=False, axis="x")
        load.set_title(f"Block {line.block}")
        load.set_ylabel("requests per second")
        load.set_yscale("symlog", linthresh=LINEAR_BELOW_RPS)  # a stop is 0, which no logarithm has
        load.set_ylim(0, HEADROOM * max([LINEAR_BELOW_RPS, *(point.rps for point in line.points)]))
        load.yaxis.set_major_formatter("{x:,.0f}")
        load.yaxis.set_minor_locator(NullLocator())
        wait.set_ylabel("median latency, ms")
        wait.set_yscale("log")
        log_ticks(wait, "y", [point.p50_ms for point in line.points if point.p50_ms is not None])
        for axes, (name, _) in zip(below, inside, strict=True):
            axes.set_ylabel(name)
            axes.set_ylim(bottom=0)
        (below or [wait])[-1].set_xlabel("time since the block's first request, s")
        keys = [Patch(label=detail, **shades[detail]) for detail in faults]
        drawn.legend([*(_key(target, targets) for target in targets), *keys])
    return drawn.panel


def _merged(line: Timeline) -> list[tuple[float, float, str]]:
    """Join windows of one fault less than a bin apart: the gap between two trials is thinner than a hair."""
    merged: list[tuple[float, float, str]] = []
    for start, end, detail in sorted(line.faults):
        if merged and merged[-1][2] == detail and start - merged[-1][1] < line.bin_s:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]), detail)
        else:
            merged.append((start, end, detail))
    return merged


def _shade(place: int, count: int) -> dict[str, Any]:
    """The look of a fault: darker the stronger it is, and hatched in a way of its own."""
    return {
        "facecolor": FAULT,
        "edgecolor": FAINT,
        "alpha": PALEST + (STRONGEST - PALEST) * (place + 1) / count,
        "hatch": HATCHES[place % len(HATCHES)],
        "linewidth": 0,
    }


def _marks(
    axes: Axes,
    points: Sequence[tuple[float, float]],
    target: str,
    targets: tuple[str, ...],
    *,
    marker: str = "",
    is_open: bool = False,
) -> None:
    style = style_of(target, targets)
    times, values = [time for time, _ in points], [value for _, value in points]
    drawn_thin = is_open or marker
    axes.plot(
        times,
        values,
        color=style.colour,
        marker=marker or style.marker,
        markersize=3.2 if drawn_thin else 2.4,
        markeredgewidth=0.7 if drawn_thin else 0,
        fillstyle="none" if is_open else "full",
        linestyle="none",
    )


def _key(target: str, targets: tuple[str, ...]) -> Line2D:
    style = style_of(target, targets)
    return Line2D([], [], color=style.colour, marker=style.marker, linestyle="none", label=target)


def _rows(timelines: Sequence[Timeline]) -> tuple[tuple[str, ...], ...]:
    """Faults of each block and, unless they are too many, bins, in the order of time."""
    rows: list[tuple[str, ...]] = []
    few = sum(len(line.points) for line in timelines) <= MOST_BINS
    for line in timelines:
        inside: dict[tuple[float, str], list[str]] = defaultdict(list)
        for seen in line.inside:
            inside[seen.t_s, seen.target].append(f"{number(seen.value)} {WORDS[seen.metric]}")
        events = [(start, end, f"fault: {detail}", "", "", "", "") for start, end, detail in line.faults]
        events += [
            (
                point.t_s,
                point.t_s + line.bin_s,
                point.target,
                number(point.rps),
                number(point.not_ok_rps),
                number(point.p50_ms),
                ", ".join(inside[point.t_s, point.target]),
            )
            for point in (line.points if few else ())
        ]
        rows += [(str(line.block), f"{start:.2f}", f"{end:.2f}", *rest) for start, end, *rest in sorted(events)]
    return tuple(rows)
