"""Claims about the stack: what each says, how it is put to the test, and what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from harness.model.findings import Quantity, in_unit
from harness.model.measures import Interval

RATIO = "times as much"  # the unit of ratios, whose mean and interval are made of their logarithms


class ClaimVerdict(StrEnum):
    """What the evidence says of a claim: the code of its finding."""

    HOLDS = "holds"
    WITHIN_LIMITS = "holds_within_limits"
    DOES_NOT_HOLD = "does_not_hold"
    UNDECIDED = "undecided"
    CONTROL_FAILED = "control_failed"  # what must be seen whatever is true was not: the experiment is wrong


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim, as it was written down before its result.

    ``says`` is the claim in our own words, ``method`` how it is put to the test, and ``measure`` what is counted and
    which margins decide, with their reasons.
    """

    number: int
    name: str
    says: str
    method: str
    measure: str


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What was seen in one case, once: numbers with their units, and words, such as the name of an error.

    A case whose numbers vary is observed several times, in blocks of fresh processes or in turn with the others.
    """

    case: str
    values: Mapping[str, Quantity] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Lines of source that were run: the file from the repository's root, and the number of the first."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, kw_only=True)
class ClaimEvidence:
    """All that was seen of one claim. ``complete`` is true only where its experiment came to its end."""

    claim: Claim
    versions: Mapping[str, str]
    code: tuple[Listing, ...]
    observations: tuple[Observation, ...] = ()
    complete: bool = False


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A number of a case over all its observations, and its unit."""

    interval: Interval
    unit: str

    @property
    def value(self) -> float:
        """The mean."""
        return self.interval.value


@dataclass(frozen=True, kw_only=True)
class CaseReadings:
    """One case over all its observations."""

    case: str
    readings: Mapping[str, Reading]
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MeasuredClaim:
    """A claim with its numbers: what its check judges, and what the report draws."""

    claim: Claim
    versions: Mapping[str, str]
    code: tuple[Listing, ...]
    cases: tuple[CaseReadings, ...]
    complete: bool

    def case(self, name: str) -> CaseReadings:
        """Return a case by its name.

        Raises:
            LookupError: It was not observed.
        """
        for one in self.cases:
            if one.case == name:
                return one
        raise LookupError(f"the case {name!r} was not observed")

    def value(self, case: str, name: str) -> float:
        """Return the mean of a number of a case.

        Raises:
            LookupError: It was not observed.
        """
        return self.interval(case, name).value

    def interval(self, case: str, name: str) -> Interval:
        """Return a number of a case with its interval.

        Raises:
            LookupError: It was not observed.
        """
        return self.case(case).readings[name].interval

    def fact(self, case: str, name: str) -> str:
        """Return what was said in a case by a name; empty if nothing was."""
        return self.case(case).facts.get(name, "")


def seen(case: str, unit: str = "", values: Mapping[str, float] | None = None, **facts: str) -> Observation:
    """Return what was seen in a case: numbers of one unit by name, and words."""
    return Observation(case=case, values=in_unit(unit, **(values or {})), facts=facts)
