"""Findings of checks: codes, numbers with units, names and places. Sentences are made elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness.model.cut_map import Cut
from harness.model.request_record import Op
from harness.model.verdict import Place, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """A number and its unit; of a count, the unit is what was counted."""

    value: float
    unit: str


def in_unit(unit: str, **values: float) -> dict[str, Quantity]:
    """Return quantities of one unit, by name."""
    return {name: Quantity(value=float(value), unit=unit) for name, value in values.items()}


def known_facts(**facts: str) -> dict[str, str]:
    """Return facts by name, without those that are empty."""
    return {name: fact for name, fact in facts.items() if fact}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case that speaks for a finding: what it is by its code, and the evidence itself.

    ``ops`` are the requests that it is about, in their order; ``rows`` what is stored of them, by table; ``cut`` how a
    write was cut.
    """

    code: str
    facts: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Quantity] = field(default_factory=dict)
    place: Place | None = None
    ops: tuple[Op, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    cut: Cut | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check says of its subject: a verdict, a stable code, and the numbers it rests on, limits among them.

    ``facts`` are names that a sentence needs: a route, an operation, what would fix it. ``count`` says how many cases
    there are, of which the ``first`` and the ``worst`` are kept. ``subject`` is a trial, a conversation or a control;
    empty where the whole run is judged.
    """

    check: str
    verdict: Verdict
    code: str
    values: Mapping[str, Quantity] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = None
    count: int = 0
    first: Case | None = None
    worst: Case | None = None
    subject: str = ""


Findings = Iterator[Finding]  # what every check returns


@dataclass(frozen=True, kw_only=True)
class ControlRow:
    """What every check says of one control, over all its cuts, faults and load, and its first offence in full.

    ``expected`` are the checks that must fail; none for a twin. Only those ``besides`` may fail, too. ``place`` is the
    function that must be named; None where no line is to be. ``cuts``, ``faults`` and ``loads`` count what it was
    tried by.
    """

    target: str
    expected: tuple[str, ...]
    besides: tuple[str, ...]
    verdicts: Mapping[str, Verdict]
    offence: Case | None = None
    place: Place | None = None
    cuts: int = 0
    faults: int = 0
    loads: int = 0


@dataclass(frozen=True, kw_only=True)
class Execution:
    """How much of a plan was carried out, and whether any of its trials has a check to answer for.

    ``not_done`` says in whole sentences what could not be planned, and why.
    """

    planned: int
    done: int
    complete: bool
    checked: bool
    not_done: tuple[str, ...]
