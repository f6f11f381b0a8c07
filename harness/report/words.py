"""Numbers as people read them."""

from __future__ import annotations

import math

from harness.findings import Interval


def number(value: float | None) -> str:
    """Three significant digits, thousands apart; a dash for what is not known."""
    if value is None or math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def interval(known: Interval | None) -> str:
    """A value with its interval, as far as it is known."""
    if known is None:
        return "–"
    if known.low is None or known.high is None:
        return number(known.value)
    return f"{number(known.value)} ({number(known.low)} to {number(known.high)})"


def ratio(known: Interval) -> str:
    """A ratio with its interval, two decimals throughout."""
    if math.isnan(known.value):
        return "–"
    if known.low is None or known.high is None:
        return f"{known.value:.2f}"
    return f"{known.value:.2f} ({known.low:.2f} to {known.high:.2f})"


def distance(level_ms: int) -> str:
    """A level as a distance from the database."""
    return f"{level_ms} ms"
