"""Ticks of logarithmic axes: few, round, and written as plain numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

MAX_TICKS = 6
STEPS = ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
RATIOS = (0.05, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0)
MARGIN = 1.12


def log_ticks(axes: Axes, which: Literal["x", "y"], values: Iterable[float]) -> None:
    """Fit a logarithmic axis about ``values``, in their unit; those without a logarithm are passed over."""
    low, high = span(values)
    for steps in STEPS:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= MAX_TICKS:
            break
    _set(axes, which, (low, high), ticks)


def ratio_ticks(axes: Axes, values: Iterable[float]) -> None:
    """Fit a logarithmic x axis of ratios about ``values`` and 1, with a tick at 1."""
    low, high = span([0.9, 1.1, *values])
    apart = (high / low) ** (1 / MAX_TICKS)  # so that no label runs into another
    ticks = [1.0]
    for tick in (tick for tick in RATIOS if 1 < tick <= high):
        ticks += [tick] if tick >= ticks[-1] * apart else []
    for tick in (tick for tick in reversed(RATIOS) if low <= tick < 1):
        ticks[:0] = [tick] if tick <= ticks[0] / apart else []
    _set(axes, "x", (low, high), ticks)


def span(values: Iterable[float]) -> tuple[float, float]:
    """Return limits that leave some room about the values that have a logarithm."""
    known = [value for value in values if math.isfinite(value) and value > 0] or [1.0]
    return min(known) / MARGIN, max(known) * MARGIN


def _set(axes: Axes, which: Literal["x", "y"], limits: tuple[float, float], ticks: Sequence[float]) -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xlim if which == "x" else axes.set_ylim)(*limits)
    axis.set_major_locator(FixedLocator(list(ticks)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())
