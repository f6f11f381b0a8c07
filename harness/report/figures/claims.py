"""The figures of claims that one helps to see: a number of each case, with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.model.claims import MeasuredClaim, Reading
from harness.report.palette import FAINT, STYLES
from harness.report.panel import Panel, canvas
from harness.report.ticks import log_ticks, ratio_ticks
from harness.report.words import interval

ROW_IN = 0.36


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A number to draw of every case that has it: on a linear axis, a logarithmic one, or one of ratios about 1."""

    name: str
    axis: str
    scale: str = "linear"


DRAWN: Mapping[str, tuple[Drawn, ...]] = {
    "waiting": (
        Drawn(name="threads", axis="threads more while they wait"),
        Drawn(name="until all were served", axis="seconds until all were served"),
    ),
    "blocked_loop": (Drawn(name="others, median", axis="median latency of the others, in milliseconds", scale="log"),),
    "bare_url": (Drawn(name="longest pause of the loop", axis="milliseconds that the loop stood still at most"),),
    "session_closed": (Drawn(name="left at most", axis="connections left taken by requests that failed"),),
    "schema_changes": (
        Drawn(name="requests failed", axis="requests that failed"),
        Drawn(name="longest request", axis="seconds that the longest request took"),
    ),
    "loading": (Drawn(name="selectin/joined", axis="time of selectinload / joinedload", scale="ratio"),),
    "layers": (Drawn(name="with/without", axis="processor time a request, with / without layers", scale="ratio"),),
}


def draw_claim(claim: MeasuredClaim) -> tuple[Panel, ...]:
    """Draw a claim's numbers; nothing where they are few words, or were not observed."""
    shown = DRAWN.get(claim.claim.name, ())
    panels = []
    for number, one in enumerate(shown):
        if cases := {case.case: case.readings[one.name] for case in claim.cases if one.name in case.readings}:
            panels.append(_panel(f"{claim.claim.name}-{number}", one, cases))
    return tuple(panels)


def _panel(prefix: str, shown: Drawn, cases: Mapping[str, Reading]) -> Panel:
    told = {case: interval(reading.interval) for case, reading in cases.items()}
    label = f"{shown.axis}: " + "; ".join(f"{case} {text}" for case, text in told.items())
    with canvas(f"claim-{prefix}", label, height_in=0.8 + ROW_IN * len(cases)) as drawn:
        axes = drawn.axes
        for row, (case, reading) in enumerate(cases.items()):
            drawn.interval(row, reading.interval, STYLES[0], told[case])
            axes.text(0, row - 0.28, case, transform=axes.get_yaxis_transform(), va="bottom")
        drawn.rows(["" for _ in cases])
        axes.set_ylim(len(cases) - 0.4, -0.95)
        ends = [reading.interval for reading in cases.values()]
        values = [value for one in ends for value in (one.low, one.value, one.high) if value is not None]
        if shown.scale == "linear":
            axes.set_xlim(min(0.0, *values), 1.1 * max(*values, 1e-9))
        elif shown.scale == "log":
            axes.set_xscale("log")
            log_ticks(axes, "x", values)
        else:
            axes.set_xscale("log")
            ratio_ticks(axes, values)
            axes.axvline(1.0, color=FAINT, linewidth=1)
        axes.set_xlabel(shown.axis)
    return drawn.panel
