"""Why some numbers are to be read with care, in sentences."""

from __future__ import annotations

from collections.abc import Mapping

from harness.model.measures import MeasureWarning
from harness.report.words import plain

SHOWN = 4
SENTENCES: Mapping[str, str] = {
    "generator_busy": "The load generator used a whole core, so it may be what limits {cells}.",
    "machine_busy": "All cores were busy, so target, generator, proxy and database slowed each other in {cells}.",
    "blocks_differ": "Throughput differed by {limit:.0%} or more between blocks in {cells}.",
    "few_requests": "Fewer than {limit:.0f} requests were measured in {cells}.",
    "set_aside": "In {count} trials ({by_target}) the added latency was off, so each was set aside and run again:"
    " {cells}.",
}


def warning_text(warning: MeasureWarning) -> str:
    """Put a warning into a sentence: its code's, or else the code itself and what it is about."""
    values = {name: one.value for name, one in warning.values.items()}
    by_target = ", ".join(f"{value:.0f} of {target}" for target, value in values.items())
    names = [f"{cell.scenario} at {cell.added_ms} ms ({cell.target})" for cell in warning.cells]
    if warning.code == "set_aside":  # its targets are told with their numbers
        names = [f"{cell.scenario} at {cell.added_ms} ms" for cell in warning.cells]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    known = {"cells": f"{', '.join(names[:SHOWN])}{more}", "count": len(names), "by_target": by_target, **values}
    sentence = SENTENCES.get(warning.code)
    return sentence.format_map(known) if sentence else f"{plain(warning.code)} in {known['cells']}."
