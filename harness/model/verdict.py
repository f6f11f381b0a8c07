"""What a check says of the evidence, and the place in the source that it says it of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a check says of the evidence."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a function. ``line`` is 0 where any line is meant; the framework's has no ``file``."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        """Name it as ``file:line function``."""
        line = f":{self.line}" if self.line else ""
        return f"{self.file}{line} {self.function}".strip()

    def is_in(self, other: Place) -> bool:
        """Whether both are in one function, whatever the lines."""
        return (self.file, self.function) == (other.file, other.function)


def merge(verdicts: Iterable[Verdict]) -> Verdict:
    """Fold verdicts into one: fail over undecided over pass; nothing at all is undecided."""
    seen = set(verdicts)
    return next((one for one in (Verdict.FAIL, Verdict.UNDECIDED, Verdict.PASS) if one in seen), Verdict.UNDECIDED)
