"""Numbers as people read them, and sentences of fragments that are left out where a number or a name isn't known."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from string import Formatter

from harness.model.findings import Quantity
from harness.model.measures import Interval

UNKNOWN = "\N{EN DASH}"
GLUE = (",", ";", ":", " ")  # what a fragment begins with that goes on where the one before ended


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
    return UNKNOWN if known is None else _with_bounds(known, number)


def ratio(known: Interval) -> str:
    """A ratio with its interval, two decimals throughout."""
    return UNKNOWN if math.isnan(known.value) else _with_bounds(known, "{:.2f}".format)


def ratio_range(ratios: Sequence[float]) -> str:
    """Return the smallest and the largest of some ratios, two decimals throughout; once where they are the same."""
    low, high = f"{min(ratios):.2f}", f"{max(ratios):.2f}"
    return low if low == high else f"{low} to {high}"


def share(known: Interval) -> str:
    """A share of nearly all with its interval, three decimals throughout."""
    return _with_bounds(known, "{:.3f}".format)


def _with_bounds(known: Interval, written: Callable[[float], str]) -> str:
    if known.low is None or known.high is None:
        return written(known.value)
    return f"{written(known.value)} ({written(known.low)} to {written(known.high)})"


def listing(texts: Sequence[str]) -> str:
    """Return texts as a list in a sentence: "a, b and c"."""
    return " and ".join([", ".join(texts[:-1]), *texts[-1:]] if len(texts) > 1 else texts)


def filled(fragments: Sequence[str], known: Mapping[str, object]) -> str:
    """Return the fragments of which all is known, filled in and joined; one after another apart by semicolons."""
    told = ""
    for fragment in fragments:
        names = {name for _, name, _, _ in Formatter().parse(fragment) if name}
        if fragment and names <= known.keys():
            text = fragment.format_map(known)
            told += text if not told or fragment.startswith(GLUE) else f"; {text}"
    return told.lstrip(", ;")


def numbers_text(values: Mapping[str, Quantity]) -> str:
    """Return quantities as they are called: "served 7.00 requests"."""
    return ", ".join(f"{plain(name).lower()} {number(one.value)} {one.unit}" for name, one in values.items())


def plain(code: str) -> str:
    """Return a code as words."""
    text = code.replace("_", " ")
    return f"{text[:1].upper()}{text[1:]}"
