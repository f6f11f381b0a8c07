"""Outcomes as people read them: a line a run, a table of the cases, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table

from harness.errors import ExitCode
from harness.model.plan import Control
from harness.printable import printable
from tools.cases.answer import Answer, Outcome

STYLES = {Answer.RIGHT: "green", Answer.WRONG: "bold red", Answer.UNDECIDED: "yellow"}
GRAVEST = (Answer.WRONG, Answer.UNDECIDED, Answer.RIGHT)


def line(one: Outcome) -> str:
    """Return what came of one run."""
    return printable(f"{one.case} ({one.condition}, run {one.number}): {one.answer}; {_told(one)}")


def table(known: Sequence[Outcome], cases: Mapping[str, Control]) -> Table:
    """Return a row a case: how many of its runs were right, wrong and undecided, and the gravest of them."""
    shown = Table(title=totals(known), title_justify="left")
    shown.add_column("case", no_wrap=True)
    shown.add_column("is", no_wrap=True)
    shown.add_column("runs")
    shown.add_column("verdict, code and line", overflow="fold")
    for name, found in _by_case(known):
        gravest = min(found, key=lambda one: GRAVEST.index(one.answer))
        counts = Counter(one.answer for one in found)
        kind = "a mistake" if cases[name].target.expected else "sound"
        runs = ", ".join(f"{counts[answer]} {answer}" for answer in Answer if counts[answer])
        shown.add_row(name, kind, runs, printable(_told(gravest)), style=STYLES[gravest.answer])
    return shown


def _told(one: Outcome) -> str:
    return "; ".join(filter(None, (one.verdict, one.said, one.place, one.why)))


def totals(known: Sequence[Outcome]) -> str:
    """Return how many runs there are, and how many of each answer."""
    counts = Counter(one.answer for one in known)
    return f"{len(known)} runs: {', '.join(f'{counts[answer]} {answer}' for answer in Answer)}"


def _by_case(known: Sequence[Outcome]) -> Iterator[tuple[str, list[Outcome]]]:
    for name in dict.fromkeys(one.case for one in known):
        yield name, [one for one in known if one.case == name]


def exit_code(known: Sequence[Outcome]) -> ExitCode:
    """Return 1 if a run was wrong, 3 if one was undecided or there is none, and else 0."""
    answers = {one.answer for one in known}
    if Answer.WRONG in answers:
        return ExitCode.FAIL
    return ExitCode.UNDECIDED if answers != {Answer.RIGHT} else ExitCode.PASS
