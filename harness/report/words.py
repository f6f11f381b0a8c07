"""Numbers as people read them."""

from __future__ import annotations

import math

from harness.model.measures import Interval

UNKNOWN = "\N{EN DASH}"


def number(value: float | None) -> str:
    """Three significant digits, thousands apart; a dash for what is not known."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def count(value: float | None) -> str:
    """A mean of whole things: without decimals where it is whole, and from 100 on."""
    if value is not None and math.isfinite(value) and (value == round(value) or abs(value) >= 100):  # noqa: PLR2004 - a third digit is enough
        return f"{value:,.0f}"
    return number(value)


def interval(known: Interval | None) -> str:
    """A value with its interval, as far as it is known."""
    if known is None:
        return UNKNOWN
    if known.low is None or known.high is None:
        return number(known.value)
    return f"{number(known.value)} ({number(known.low)} to {number(known.high)})"


def ratio(known: Interval) -> str:
    """A ratio with its interval, two decimals throughout."""
    if math.isnan(known.value):
        return UNKNOWN
    if known.low is None or known.high is None:
        return f"{known.value:.2f}"
    return f"{known.value:.2f} ({known.low:.2f} to {known.high:.2f})"


def share(known: Interval) -> str:
    """A share of nearly all with its interval, three decimals throughout."""
    interval = f" ({known.low:.3f} to {known.high:.3f})" if known.low is not None and known.high is not None else ""
    return f"{known.value:.3f}{interval}"


def distance(added_ms: int) -> str:
    """A level as a distance from the database."""
    return f"{added_ms} ms"
