"""The cut map: a staircase of protocol messages, each byte coloured by what became of the write cut there."""

from __future__ import annotations

from typing import Any

from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from harness.model.measures import CutStrip, MessageCuts
from harness.model.summary import Summary
from harness.model.write_status import OFFENCES, WriteStatus
from harness.report.palette import BAD, PAPER, PARTS, SERIES
from harness.report.panel import FigureOf, Panel, Table, canvas

ROW_IN = 0.19
LONGEST_NAME = 24
WAYS = {"up": "sent to PostgreSQL", "down": "answered by PostgreSQL"}
LOOKS: dict[str, dict[str, Any]] = {
    "nothing stored, not acknowledged": {"facecolor": PARTS[0], "hatch": ""},
    "all stored and acknowledged": {"facecolor": SERIES[0], "hatch": "////"},
    "all stored, not acknowledged": {"facecolor": SERIES[1], "hatch": "xxxx"},
    "partial, lost, ghost or duplicate": {"facecolor": BAD, "hatch": "...."},
}


def draw_cut_map(summary: Summary) -> FigureOf | None:
    """Draw one panel for each conversation and direction; None if nothing was cut."""
    if not summary.cuts:
        return None
    return FigureOf(
        title="What became of a write that was cut at this very byte?",
        note="Each row is a protocol message of one write, each step as wide as its bytes. Toxiproxy let so many bytes"
        " pass and closed both sides; the colour is what the database held afterwards against what the client was"
        " told. Stored but not acknowledged is what no client can know; for a sound target that is the last byte of"
        " COMMIT and the answer to it. Messages were read off the stream.",
        panels=tuple(_panel(strip) for strip in summary.cuts),
        table=Table(
            columns=(
                "write",
                "target",
                "direction",
                "message",
                "bytes",
                "cut inside",
                "FIN after",
                "RST after",
                "held",
            ),
            rows=tuple(_row(strip, message) for strip in summary.cuts for message in strip.messages),
        ),
    )


def _name(status: str) -> str:
    if status in OFFENCES:
        return "partial, lost, ghost or duplicate"
    return {
        WriteStatus.ACKNOWLEDGED: "all stored and acknowledged",
        WriteStatus.COMMITTED: "all stored, not acknowledged",
        WriteStatus.ROLLED_BACK: "nothing stored, not acknowledged",
        WriteStatus.REFUSED: "nothing stored, not acknowledged",
    }[WriteStatus(status)]


def _panel(strip: CutStrip) -> Panel:
    told = ", ".join(f"{count} {status}" for status, count in strip.statuses.items())
    label = f"{strip.operation} to {strip.target}, {WAYS[strip.direction]}: {strip.length_bytes} bytes; {told}"
    rows = len(strip.messages)
    with canvas(
        f"cuts-{strip.operation}-{strip.target}-{strip.direction}", label, height_in=1.5 + ROW_IN * rows
    ) as drawn:
        axes = drawn.axes
        seen: dict[str, None] = {}
        for row, message in enumerate(strip.messages):
            for start, end, status in message.runs:
                name = _name(status)
                seen[name] = None
                axes.broken_barh(
                    [(start, end - start)], (row - 0.42, 0.84), edgecolor=PAPER, linewidth=0, **LOOKS[name]
                )
        axes.set_yticks(range(rows), [_short(message.name) for message in strip.messages], fontsize=7.5)
        axes.invert_yaxis()
        axes.set_xlim(0, strip.length_bytes + 1)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"bytes of {strip.operation} that passed")
        axes.set_title(f"{strip.target}: {'sent' if strip.direction == 'up' else 'answered'}")
        keys = [Patch(label=name, edgecolor=PAPER, linewidth=0, **LOOKS[name]) for name in LOOKS if name in seen]
        drawn.legend(keys, columns=1)
    return drawn.panel


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _row(strip: CutStrip, message: MessageCuts) -> tuple[str, ...]:
    inside = ", ".join(f"{end - start} × {status}" for start, end, status in message.runs) or "–"
    others = (message.other_ways.get(way, "–") for way in ("fin", "rst", "hold"))
    return (
        strip.operation,
        strip.target,
        strip.direction,
        message.name,
        f"{message.start}–{message.end}",
        inside,
        *others,
    )
