"""How long after a heal until a write was done again, fault by fault."""

from __future__ import annotations

from matplotlib.lines import Line2D

from harness.model.measures import FaultRow
from harness.model.summary import Summary
from harness.report.palette import style_of
from harness.report.panel import FigureOf, Panel, Table, canvas
from harness.report.ticks import log_ticks

ROW_IN = 0.2
SHORTEST_S = 0.001
KINDS_A_PANEL = 20


def draw_recovery(summary: Summary) -> FigureOf | None:
    """Draw a dot for each fault and target; None if no fault was injected."""
    rows = [row for row in summary.faults if row.recovered_s is not None]
    if not rows:
        return None
    kinds = sorted(dict.fromkeys(row.kind for row in rows), key=lambda kind: _slowest(rows, kind))
    return FigureOf(
        title="How long after a fault was healed until a write was done again?",
        note="Seconds from the heal to the end of the first write that began after it; one mark a trial. A fault whose"
        " target never served again is missing here, and is a finding.",
        panels=tuple(
            _panel(summary.plan.targets, rows, kinds[place : place + KINDS_A_PANEL], place)
            for place in range(0, len(kinds), KINDS_A_PANEL)
        ),
        table=Table(
            columns=("fault", "target", "recovered after, s"),
            rows=tuple((row.kind, row.target, f"{row.recovered_s:.3f}") for row in rows),
        ),
    )


def _slowest(rows: list[FaultRow], kind: str) -> float:
    return max(row.recovered_s or 0.0 for row in rows if row.kind == kind)


def _panel(targets: tuple[str, ...], rows: list[FaultRow], kinds: list[str], place: int) -> Panel:
    label = "Seconds until a write was done after the heal: " + "; ".join(
        f"{row.kind} on {row.target} {row.recovered_s:.2f}" for row in rows if row.kind in kinds
    )
    with canvas(f"recovery-{place}", label, height_in=1.2 + ROW_IN * len(kinds)) as drawn:
        axes = drawn.axes
        for target in targets:
            style = style_of(target, targets)
            own = [row for row in rows if row.target == target and row.kind in kinds]
            axes.plot(
                [max(row.recovered_s or 0.0, SHORTEST_S) for row in own],
                [kinds.index(row.kind) for row in own],
                color=style.colour,
                marker=style.marker,
                linestyle="none",
            )
        axes.set_xscale("log")
        log_ticks(axes, "x", [max(row.recovered_s or 0.0, SHORTEST_S) for row in rows])
        axes.set_yticks(range(len(kinds)), kinds)
        axes.invert_yaxis()
        axes.set_xlabel("seconds after the heal")
        styles = [(target, style_of(target, targets)) for target in targets]
        drawn.legend(
            [
                Line2D([], [], color=style.colour, marker=style.marker, linestyle="none", label=target)
                for target, style in styles
            ]
        )
    return drawn.panel
