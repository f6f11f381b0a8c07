"""``make cases``: mistakes and sound applications, each tried several times; goes on where it was stopped.

Exits with 0 if every mistake was caught and nothing sound accused, 1 if not, and 3 if some runs could not tell.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from harness.workload.find import chosen
from tests.cases.workload import CASES
from tools.cases import machine
from tools.cases.answer import Outcome
from tools.cases.carry_out import outcomes
from tools.cases.report import exit_code, line, table
from tools.resumable import carried_out

OUT = Path("results/cases")


def cases(
    case: Annotated[list[str] | None, typer.Argument(help="Cases to try; all if left out.")] = None,
    runs: Annotated[int, typer.Option(min=1, max=100, help="Of each case.")] = 3,
    busy: Annotated[bool, typer.Option("--busy", help="Keep every core busy meanwhile.")] = False,  # noqa: FBT002 - an option
    slowed: Annotated[bool, typer.Option("--slowed", help="Have a third of the machine.")] = False,  # noqa: FBT002 - an option
    out: Annotated[Path, typer.Option(help="Folder of the outcomes: what is done is kept there.")] = OUT,
) -> int:
    """Try mistakes, which must be caught with their lines, and sound applications, which must not be accused."""
    tried, console, known = chosen(case or list(CASES), CASES, "case"), Console(), list[Outcome]()
    condition = "-".join(filter(None, ("busy" * busy, "slowed" * slowed))) or "idle"

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    with ExitStack() as stack:
        if busy:
            stack.enter_context(machine.busy())
        if slowed:
            stack.enter_context(machine.slowed(say))
        for found in outcomes(tried, runs, condition, out.resolve(), say):
            known.append(found)
            say(line(found))
    console.print(table(known, CASES))
    return exit_code(known)


if __name__ == "__main__":
    carried_out(cases, "cases")
