"""Amounts as people type them: 3% and 8m."""

from __future__ import annotations

import re

import typer

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def share(text: str) -> float:
    """Return a share of one, of a percentage.

    Raises:
        BadParameter: It is none, or not above 0.1 % and below 100 %.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text.strip())
    if not found or not 0.1 <= float(found[1]) < 100:  # noqa: PLR2004 - as the message says
        raise typer.BadParameter(f"{text!r} is no percentage from 0.1% to 99%, such as 3%")
    return float(found[1]) / 100


def seconds(text: str) -> float:
    """Return the seconds of a duration.

    Raises:
        BadParameter: It is none, or not from ten seconds to a day.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    length_s = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if not 10 <= length_s <= 24 * 3600:  # noqa: PLR2004 - as the message says
        raise typer.BadParameter(f"{text!r} is no time from 10s to 24h, such as 90s, 8m or 1h")
    return length_s
