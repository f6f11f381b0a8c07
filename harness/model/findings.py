"""What checks say of the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from harness.model.evidence import Evidence
from harness.model.outcome import Verdict


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check says: verdict, the number it rests on, its limit, how many cases, first and worst."""

    check: str
    verdict: Verdict
    summary: str
    measured: str = ""
    limit: str = ""
    count: int = 0
    first: str = ""
    worst: str = ""
    trial: str = ""


@dataclass(frozen=True, kw_only=True)
class ControlRow:
    """What every check says of one control, over all its cuts, faults and load, and its first offence in full.

    ``expected`` are the checks that must fail; none for a twin. Only those ``besides`` may fail, too. ``place`` is the
    file and the function that must be named; empty where no line is to be. ``cuts``, ``faults`` and ``loads`` count
    what it was tried by.
    """

    target: str
    expected: tuple[str, ...]
    besides: tuple[str, ...]
    verdicts: Mapping[str, Verdict]
    offence: str
    place: str = ""
    cuts: int = 0
    faults: int = 0
    loads: int = 0


class Check(Protocol):
    """A pure function of evidence."""

    def __call__(self, evidence: Evidence) -> Finding:
        """Judge one trial."""


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """Fold verdicts into one: fail over undecided over pass; nothing at all is undecided."""
    seen = set(verdicts)
    for verdict in (Verdict.FAIL, Verdict.UNDECIDED):
        if verdict in seen:
            return verdict
    return Verdict.PASS if seen else Verdict.UNDECIDED
