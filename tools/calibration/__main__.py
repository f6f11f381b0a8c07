"""``make calibrate``: twinbench held against itself. The same command goes on where it was stopped.

Exits with 0 if all four conditions hold, 1 if one does not, and 3 while it is unfinished.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from tools.calibration.carry_out import outcomes
from tools.calibration.conditions import conditions, exit_code
from tools.calibration.course import course
from tools.calibration.outcome import Outcome
from tools.calibration.report import line, page, table
from tools.resumable import carried_out

OUT, REPORT = Path("results/calibration"), "calibration.md"


def calibrate(
    out: Annotated[Path, typer.Option(help="Folder of this calibration: what is done is kept there.")] = OUT,
    seed: Annotated[int, typer.Option(help="Fixes the order of runs, and each run.")] = 1,
    share: Annotated[float, typer.Option(min=0.01, max=1.0, help="Of each run's time; below 1 to try it out.")] = 1.0,
) -> int:
    """Hold targets against themselves and against slower ones, and see whether twinbench tells which is which."""
    steps, known, console = course(seed, share), list[Outcome](), Console()

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    with Live(console=console, auto_refresh=False) as live:
        for found in outcomes(steps, out.resolve(), say):
            known.append(found)
            (out / REPORT).write_text(page(known, len(steps)))
            say(line(found))
            live.update(table(known, len(steps)), refresh=True)
    say(f"Report: {out / REPORT}")
    return exit_code(conditions(known))


if __name__ == "__main__":
    carried_out(calibrate, "calibration")
