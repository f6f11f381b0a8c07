"""How long after a heal until a write was done again, fault by fault."""

from __future__ import annotations

from collections.abc import Mapping

from harness.model.summary import Summary
from harness.report.palette import MARKS_ONLY, Style, styles
from harness.report.panel import FigureOf, Panel, Table, canvas
from harness.report.ticks import log_ticks

ROW_IN = 0.2
SHORTEST_S = 0.001
KINDS_A_PANEL = 20


def draw_recovery(summary: Summary) -> FigureOf:
    """Draw a dot for each fault and target, the kind that took longest last."""
    times = [(row.kind, row.target, row.recovered_s) for row in summary.faults if row.recovered_s is not None]
    slowest = {kind: took_s for kind, _, took_s in sorted(times, key=lambda time: time[2])}
    kinds = sorted(slowest, key=lambda kind: slowest[kind])
    return FigureOf(
        title="How long after a fault was healed until a write was done again?",
        note="Seconds from the heal to the end of the first write that began after it; one mark a trial. A fault whose"
        " target never served again is missing here, and is a finding.",
        panels=tuple(
            _panel(styles(summary), times, kinds[place : place + KINDS_A_PANEL], place)
            for place in range(0, len(kinds), KINDS_A_PANEL)
        ),
        table=Table(
            columns=("fault", "target", "recovered after, s"),
            rows=tuple((kind, target, f"{took_s:.3f}") for kind, target, took_s in times),
        ),
    )


def _panel(looks: Mapping[str, Style], times: list[tuple[str, str, float]], kinds: list[str], place: int) -> Panel:
    label = "Seconds until a write was done after the heal: " + "; ".join(
        f"{kind} on {target} {took_s:.2f}" for kind, target, took_s in times if kind in kinds
    )
    with canvas(f"recovery-{place}", label, height_in=1.2 + ROW_IN * len(kinds)) as drawn:
        axes = drawn.axes
        for target, style in looks.items():
            own = [(took_s, kinds.index(kind)) for kind, whose, took_s in times if whose == target and kind in kinds]
            axes.plot(
                [max(took_s, SHORTEST_S) for took_s, _ in own], [row for _, row in own], **style.look | MARKS_ONLY
            )
        axes.set_xscale("log")
        log_ticks(axes, "x", [max(took_s, SHORTEST_S) for _, _, took_s in times])
        drawn.rows(kinds)
        axes.grid(visible=True, axis="y")
        axes.set_xlabel("seconds after the heal")
        drawn.legend_of(looks, look=MARKS_ONLY)
    return drawn.panel
