"""What a run says of a case, held against what is known of it: right, wrong, or honestly undecided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from harness.model.findings import Finding
from harness.model.plan import Control
from harness.model.verdict import Place, Verdict


class Answer(StrEnum):
    """Whether a run was right about a case."""

    RIGHT = "right"
    WRONG = "wrong"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of the ``number``-th run of a case under some ``condition``.

    ``said`` is the check and the code of the finding that speaks for it, ``place`` its line, and ``why`` a word on what
    is wrong.
    """

    case: str
    condition: str
    number: int
    answer: Answer
    verdict: Verdict
    said: str = ""
    place: str = ""
    why: str = ""

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells it from every other."""
        return self.case, self.condition, self.number

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return asdict(self)

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> Self:
        """Return what was stored."""
        told = {"answer": Answer(stored["answer"]), "verdict": Verdict(stored["verdict"])}
        return cls(**{**stored, **told})


@dataclass(frozen=True, kw_only=True)
class Judged:
    """An answer, the finding that speaks for it, and a word on what is wrong."""

    answer: Answer
    finding: Finding | None = None
    why: str = ""


def judge(case: Control, findings: Sequence[Finding]) -> Judged:
    """Hold the findings of a run against a case.

    A mistake is caught if a check that must fail does, in the function that is to blame, and no other check names a
    function besides. What is sound is right if nothing fails and nothing is open.
    """
    failed = [one for one in findings if one.verdict is Verdict.FAIL]
    undecided = [one for one in findings if one.verdict is Verdict.UNDECIDED]
    if case.target.expected:
        return _judge_mistake(case, failed, undecided)
    if failed:
        return Judged(answer=Answer.WRONG, finding=failed[0], why="accused")
    if undecided or not findings:
        return Judged(answer=Answer.UNDECIDED, finding=next(iter(undecided), None))
    return Judged(answer=Answer.RIGHT)


def _judge_mistake(case: Control, failed: Sequence[Finding], undecided: Sequence[Finding]) -> Judged:
    caught = [one for one in failed if one.check in case.target.expected]
    others = [one for one in failed if one.check not in {*case.target.expected, *case.besides} and one.place]
    placed = [one for one in (*caught, *others) if one.place]
    elsewhere = [one for one in placed or caught if case.place and not _names(one, case.place)]
    if elsewhere:
        return Judged(answer=Answer.WRONG, finding=elsewhere[0], why="another line")
    if caught:
        return Judged(answer=Answer.RIGHT, finding=next((one for one in caught if one.place), caught[0]))
    if others:
        return Judged(answer=Answer.WRONG, finding=others[0], why="by another name")
    if undecided:
        return Judged(answer=Answer.UNDECIDED, finding=undecided[0])
    return Judged(answer=Answer.WRONG, why="not caught")


def _names(finding: Finding, place: Place) -> bool:
    return finding.place is not None and finding.place.is_in(place)
