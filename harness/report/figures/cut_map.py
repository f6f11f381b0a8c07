"""The cut map: a staircase of protocol messages, each byte coloured by what became of the write cut there."""

from __future__ import annotations

from typing import Any

from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from harness.model.cut_map import CutStrip, MessageCuts
from harness.model.summary import Summary
from harness.model.write_status import OFFENCES, WriteStatus
from harness.report.palette import BAD, PAPER, PARTS, SERIES
from harness.report.panel import FigureOf, Panel, Table, canvas

ROW_IN = 0.19
LONGEST_NAME = 24
WAYS = {"up": "sent to PostgreSQL", "down": "answered by PostgreSQL"}
NOTHING, BOTH, UNTOLD, BROKEN = (
    "nothing stored, not acknowledged",
    "all stored and acknowledged",
    "all stored, not acknowledged",
    "partial, lost, ghost or duplicate",
)
NAMES = {
    WriteStatus.ACKNOWLEDGED: BOTH,
    WriteStatus.COMMITTED: UNTOLD,
    WriteStatus.ROLLED_BACK: NOTHING,
    WriteStatus.REFUSED: NOTHING,
    **dict.fromkeys(OFFENCES, BROKEN),
}
LOOKS: dict[str, dict[str, Any]] = {
    name: {"facecolor": colour, "hatch": hatch, "edgecolor": PAPER, "linewidth": 0}
    for name, colour, hatch in (
        (NOTHING, PARTS[0], ""),
        (BOTH, SERIES[0], "////"),
        (UNTOLD, SERIES[1], "xxxx"),
        (BROKEN, BAD, "...."),
    )
}


def draw_cut_map(summary: Summary) -> FigureOf:
    """Draw one panel for each conversation and direction."""
    return FigureOf(
        title="What became of a write that was cut at this very byte?",
        note="Each row is a protocol message of one write, each step as wide as its bytes. Toxiproxy let so many bytes"
        " pass and closed both sides; the colour is what the database held afterwards against what the client was"
        " told. Stored but not acknowledged is what no client can know; for a sound target that is the last byte of"
        " COMMIT and the answer to it. Messages were read off the stream.",
        panels=tuple(_panel(strip) for strip in summary.cuts),
        table=Table(
            columns=(
                *("write", "target", "direction", "message", "bytes", "cut inside"),
                *("FIN after", "RST after", "held"),
            ),
            rows=tuple(_row(strip, message) for strip in summary.cuts for message in strip.messages),
        ),
    )


def _panel(strip: CutStrip) -> Panel:
    told = ", ".join(f"{count} {status}" for status, count in strip.statuses.items())
    label = f"{strip.operation} to {strip.target}, {WAYS[strip.direction]}: {strip.length_bytes} bytes; {told}"
    id_ = f"cuts-{strip.operation}-{strip.target}-{strip.direction}"
    with canvas(id_, label, height_in=1.5 + ROW_IN * len(strip.messages)) as drawn:
        axes = drawn.axes
        seen = set()
        for row, message in enumerate(strip.messages):
            for start, end, status in message.runs:
                seen.add(name := NAMES[WriteStatus(status)])
                axes.broken_barh([(start, end - start)], (row - 0.42, 0.84), **LOOKS[name])
        drawn.rows([_short(message.name) for message in strip.messages])
        axes.tick_params(axis="y", labelsize=7.5)
        axes.set_xlim(0, strip.length_bytes + 1)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.set_xlabel(f"bytes of {strip.operation} that passed")
        axes.set_title(f"{strip.target}: {WAYS[strip.direction].split()[0]}")
        drawn.legend([Patch(label=name, **look) for name, look in LOOKS.items() if name in seen], columns=1)
    return drawn.panel


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _row(strip: CutStrip, message: MessageCuts) -> tuple[str, ...]:
    inside = ", ".join(f"{end - start} × {status}" for start, end, status in message.runs) or "–"
    return (
        *(strip.operation, strip.target, strip.direction, message.name, f"{message.start}–{message.end}", inside),
        *(message.other_ways.get(way, "–") for way in ("fin", "rst", "hold")),
    )
