"""One number against the distance from the database, a panel for each scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from harness.findings import Cell, Interval, Summary
from harness.report.canvas import FigureOf, Panel, Table, canvas
from harness.report.palette import style_of
from harness.report.words import interval, number

QUANTILES = ("p50", "p95", "p99")
Pick = Callable[[Cell], Interval | None]


def draw_throughput(summary: Summary) -> FigureOf | None:
    """Draw requests per second; None if nothing was measured. A fixed offered rate is no capacity, so it is left out."""
    scenarios = _panels_of(summary, paced=False)
    if not scenarios:
        return None
    panels = [
        _panel(summary, f"rps-{name}", name, cells, "requests per second", (("", _throughput, 1.0),))
        for name, cells in scenarios.items()
    ]
    rows = [
        (c.scenario, f"{c.level_ms} ms", c.target, interval(c.throughput_rps), f"{c.ops:,}", f"{c.not_ok:,}")
        for cells in scenarios.values()
        for c in cells
    ]
    return FigureOf(
        id="throughput",
        title="How many requests per second does each twin serve?",
        note="Clients send back to back, so this is capacity under as many clients. Bars are 95 % intervals over blocks.",
        panels=tuple(panels),
        table=Table(
            columns=("scenario", "distance", "target", "requests/s (95 % interval)", "measured", "not ok"),
            rows=tuple(rows),
        ),
    )


def draw_latency(summary: Summary) -> FigureOf | None:
    """Draw how long a request waits, median and 95th percentile; None if nothing was measured."""
    scenarios = _panels_of(summary, paced=None)
    if not scenarios:
        return None
    shown = (("p50", _latency("p50"), 1.0), ("p95", _latency("p95"), 0.45))
    panels = [
        _panel(summary, f"latency-{name}", name, cells, "latency, ms", shown) for name, cells in scenarios.items()
    ]
    rows = [
        (
            c.scenario,
            f"{c.level_ms} ms",
            c.target,
            *(interval(c.latency_ms.get(quantile)) for quantile in QUANTILES),
            *(number(known.value) if (known := c.service_ms.get(quantile)) else "–" for quantile in QUANTILES),
        )
        for cells in scenarios.values()
        for c in cells
    ]
    return FigureOf(
        id="latency",
        title="How long does a request wait?",
        note="From the moment a request was meant to be sent until its answer was read. Strong lines are medians, pale"
        " ones 95th percentiles. The table adds the time from the actual send. A percentile with fewer than ten requests"
        " beyond it is left out.",
        panels=tuple(panels),
        table=Table(
            columns=(
                "scenario",
                "distance",
                "target",
                *(f"{quantile}, ms" for quantile in QUANTILES),
                *(f"{quantile} from send, ms" for quantile in QUANTILES),
            ),
            rows=tuple(rows),
        ),
    )


def _panels_of(summary: Summary, *, paced: bool | None) -> Mapping[str, Sequence[Cell]]:
    """Cells by scenario, in the scenarios' order; ``paced`` None takes all."""
    wanted = [s.name for s in summary.scenarios if paced is None or (s.shape.pace_s is not None) is paced]
    found = {
        name: sorted((c for c in summary.analysis.cells if c.scenario == name), key=lambda c: (c.level_ms, c.target))
        for name in wanted
    }
    return {name: cells for name, cells in found.items() if cells}


def _throughput(cell: Cell) -> Interval | None:
    return cell.throughput_rps


def _latency(quantile: str) -> Pick:
    def pick(cell: Cell) -> Interval | None:
        return cell.latency_ms.get(quantile)

    return pick


def _panel(  # noqa: PLR0913, PLR0917 - what a panel is made of
    summary: Summary,
    prefix: str,
    scenario: str,
    cells: Sequence[Cell],
    unit: str,
    shown: Sequence[tuple[str, Pick, float]],
) -> Panel:
    targets = summary.plan.targets
    levels = sorted({cell.level_ms for cell in cells})
    label = f"{scenario}: {unit} by distance. " + "; ".join(
        f"{cell.target} at {cell.level_ms} ms {name} {interval(pick(cell))}".replace("  ", " ")
        for cell in cells
        for name, pick, _ in shown
    )
    with canvas(prefix, label) as drawn:
        axes = drawn.axes
        for target in targets:
            mine = [cell for cell in cells if cell.target == target]
            for _, pick, strength in shown:
                _line(axes, [(levels.index(cell.level_ms), pick(cell)) for cell in mine], target, targets, strength)
        axes.set_title(scenario)
        axes.set_ylabel(unit)
        axes.set_xlabel("added round trip to the database, ms")
        axes.set_xticks(range(len(levels)), [str(level) for level in levels])
        axes.set_xlim(-0.4, len(levels) - 0.6)
        axes.set_ylim(bottom=0)
        handles = [_handle(target, targets) for target in targets]
        axes.legend(handles=handles, loc="best")
    return drawn.panel


def _handle(target: str, targets: tuple[str, ...]) -> Line2D:
    style = style_of(target, targets)
    return Line2D([], [], color=style.colour, marker=style.marker, linestyle=style.line, label=target)


def _line(
    axes: Axes,
    points: Sequence[tuple[int, Interval | None]],
    target: str,
    targets: tuple[str, ...],
    strength: float,
) -> None:
    style = style_of(target, targets)
    # side by side, so that bars of equal height don't hide each other
    aside = 0.08 * (targets.index(target) - (len(targets) - 1) / 2)
    known = [(place + aside, value) for place, value in points if value is not None]
    if not known:
        return
    axes.plot(
        [place for place, _ in known],
        [value.value for _, value in known],
        color=style.colour,
        marker=style.marker,
        linestyle=style.line,
        linewidth=1.6,
        alpha=strength,
    )
    for place, value in known:
        if value.low is not None and value.high is not None:
            axes.plot([place, place], [max(value.low, 0), value.high], color=style.colour, alpha=strength, linewidth=2.2)


