"""A block on one time axis: load, latency, what probes saw, one under another, and the faults shaded through all.

Of a run with many blocks the first, the last, and those in which something went wrong are drawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from harness.model.measures import Timeline
from harness.model.summary import Summary
from harness.report.palette import FAINT, FAULT, MARKS_ONLY, Style, styles
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
SMALL: dict[str, Any] = {"markersize": 2.4, "markeredgewidth": 0}
THIN: dict[str, Any] = {"markersize": 3.2, "markeredgewidth": 0.7}
PALEST, STRONGEST = 0.15, 0.5
LINEAR_BELOW_RPS = 10
HEADROOM = 1.6
# Beyond as many bins the table tells the faults only, so that the page stays light.
MOST_BINS = 2500
# A full run has dozens, which look alike unless something went wrong.
MOST_BLOCKS = 6


def draw_timelines(summary: Summary) -> FigureOf | None:
    """Draw one panel for each block that tells most; None if nothing was recorded."""
    timelines = _telling(summary.measures.timelines)
    if not timelines:
        return None
    left_out = len(summary.measures.timelines) - len(timelines)
    by_strength = sorted({(added_ms, detail) for line in timelines for _, _, detail, added_ms in line.faults})
    faults = list(dict.fromkeys(detail for _, detail in by_strength))
    shades = {detail: _shade(place, len(faults)) for place, detail in enumerate(faults)}
    turns = "Trials run in turns, A B B A, in an order that differs by block."
    if summary.plan.sliced:
        turns = "Targets take turns in short slices, so a bin may hold a part of a slice only, and then shows fewer."
    return FigureOf(
        title="What happened when?",
        note=f"Requests answered, and their median latency, in bins of {number(1000 * timelines[0].bin_s)}"
        " ms, warm-up and draining included; crosses are requests that were not answered well. Shaded and"
        " hatched: a fault was in force (a time is latency added to each round trip to the database)."
        f" {turns} Both axes are logarithmic, requests from 10 a second on. Of targets with probes inside: how late the"
        " event loop was at most, connections in use and requests that wait without one (open marks), and statements"
        f" a request.{_choice(left_out)}",
        panels=tuple(_panel(styles(summary), line, shades) for line in timelines),
        table=Table(
            columns=("block", "from, s", "to, s", "what", "requests/s", "not ok/s", "p50, ms", "seen inside"),
            rows=_rows(timelines),
        ),
    )


def _telling(timelines: Sequence[Timeline]) -> Sequence[Timeline]:
    """Return all if they are few; else the first, the last, and between them the worst in which anything went wrong."""
    if len(timelines) <= MOST_BLOCKS:
        return timelines
    first, *between, last = timelines
    worst = sorted((line for line in between if any(_trouble(line))), key=_trouble, reverse=True)[: MOST_BLOCKS - 2]
    return (first, *(line for line in between if line in worst), last)


def _trouble(line: Timeline) -> tuple[float, int]:
    """Return how many requests were not answered well, and how many slices were held up."""
    return line.bin_s * sum(point.not_ok_rps for point in line.points), line.held_up


def _choice(left_out: int) -> str:
    """Say which blocks are here, and where the others are, if any are left out."""
    if not left_out:
        return ""
    rest = "1 other block is" if left_out == 1 else f"{left_out} other blocks are"
    return (
        " Here are the first block, the last, and those in which most requests were not answered well or most slices"
        f" were held up; {rest} in summary.json only."
    )


def _panel(looks: Mapping[str, Style], line: Timeline, shades: Mapping[str, dict[str, Any]]) -> Panel:
    windows = "one fault window" if len(line.faults) == 1 else f"{len(line.faults)} fault windows"
    label = f"Block {line.block}: requests per second and median latency over time, with {windows}"
    inside = [(name, metrics) for name, metrics in INSIDE if any(point.metric in metrics for point in line.inside)]
    if inside:
        label += f"; below, as probes saw it: {', '.join(name for name, _ in inside)}"
    height_in = HEIGHT_IN + INSIDE_HEIGHT_IN * len(inside)
    with canvas(f"time-{line.block}", label, height_in=height_in, rows=2 + len(inside)) as drawn:
        load, wait, *below = drawn.figure.axes
        for target, style in looks.items():
            points = [point for point in line.points if point.target == target]
            _marks(load, [(point.t_s, point.rps) for point in points], style.look)
            not_ok = [(point.t_s, point.not_ok_rps) for point in points if point.not_ok_rps]
            _marks(load, not_ok, style.look | THIN | {"marker": "x"})
            _marks(wait, [(point.t_s, point.p50_ms) for point in points if point.p50_ms is not None], style.look)
            for axes, (_, metrics) in zip(below, inside, strict=True):
                for metric, look in zip(metrics, ({}, THIN | {"fillstyle": "none"}), strict=False):
                    seen = [(p.t_s, p.value) for p in line.inside if (p.target, p.metric) == (target, metric)]
                    _marks(axes, seen, style.look | look)
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
        drawn.legend_of(looks, [Patch(label=detail, **shade) for detail, shade in shades.items()], MARKS_ONLY)
    return drawn.panel


def _merged(line: Timeline) -> list[tuple[float, float, str]]:
    """Join windows of one fault less than a bin apart: the gap between two trials is thinner than a hair."""
    merged: list[tuple[float, float, str]] = []
    for start, end, detail, _ in sorted(line.faults):
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


def _marks(axes: Axes, points: Sequence[tuple[float, float]], look: dict[str, Any]) -> None:
    axes.plot([time for time, _ in points], [value for _, value in points], **SMALL | look | MARKS_ONLY)


def _rows(timelines: Sequence[Timeline]) -> tuple[tuple[str, ...], ...]:
    """Faults of each block and, unless they are too many, bins, in the order of time."""
    rows: list[tuple[str, ...]] = []
    few = sum(len(line.points) for line in timelines) <= MOST_BINS
    for line in timelines:
        inside: dict[tuple[float, str], list[str]] = defaultdict(list)
        for seen in line.inside:
            inside[seen.t_s, seen.target].append(f"{number(seen.value)} {WORDS[seen.metric]}")
        events = [(start, end, f"fault: {detail}", "", "", "", "") for start, end, detail, _ in line.faults]
        events += [
            (
                *(point.t_s, point.t_s + line.bin_s, point.target),
                *(number(point.rps), number(point.not_ok_rps), number(point.p50_ms)),
                ", ".join(inside[point.t_s, point.target]),
            )
            for point in (line.points if few else ())
        ]
        rows += [(str(line.block), f"{start:.2f}", f"{end:.2f}", *rest) for start, end, *rest in sorted(events)]
    return tuple(rows)
