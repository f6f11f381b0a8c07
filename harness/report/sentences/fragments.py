"""Fragments of sentences: filled with numbers and names, and left out where one of these is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Formatter

from harness.model.findings import Quantity
from harness.report.words import number

GLUE = (",", ";", ":", " ")  # what a fragment begins with that goes on where the one before ended


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
