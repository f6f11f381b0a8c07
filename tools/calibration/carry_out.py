"""One run after the other by the command line, as a person would make them; those that came to their end are kept."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from harness.errors import ExitCode, HarnessError
from tools.calibration.course import Step
from tools.calibration.outcome import Outcome, outcome
from tools.resumable import held

ROOT = Path(__file__).parents[2]
WORKLOAD = "tools.calibration.workload:WORKLOAD"
LOG = "calibration.log"
VERDICTS = (ExitCode.PASS, ExitCode.FAIL, ExitCode.UNDECIDED)  # of a run that came to its end


def outcomes(steps: Sequence[Step], out: Path, say: Callable[[str], None]) -> Iterator[Outcome]:
    """Yield what came of each step: first of those that are there, and then of the others, which it runs.

    ``say`` is told which it runs. Whoever stops taking them stops the calibration.

    Raises:
        HarnessError: A run failed, ``out`` belongs to another calibration, or is in use.
    """
    with held(out, "calibration") as lock:  # handed to each run, which may outlive us if we are killed
        known = {step.name: outcome(step, out / step.name) for step in steps}
        yield from filter(None, known.values())
        for step in steps:
            if known[step.name] is None:
                amount = f"{step.blocks} blocks" if step.blocks else f"{step.seconds:.0f} s"
                say(f"{step.name}: {amount}, and its start …")
                _run(step, out / step.name, lock)
                found = outcome(step, out / step.name)
                if found is None:
                    raise HarnessError(f"{step.name} left no finished run", f"Read {out / step.name / LOG}")
                yield found


def words(step: Step, out: Path) -> list[str]:
    """Return the words of a step's command line.

    The profile is the one that ends when its time is over, and not where intervals are narrow: the longer a target is
    held against itself, the smaller is the error that would show.
    """
    amount = ["--blocks", str(step.blocks)] if step.blocks else ["--for", f"{step.seconds:g}s"]
    targets = [word for name in step.targets for word in ("--target", name)]
    added_ms = [word for one in step.added_ms for word in ("--latency-ms", str(one))]
    rest = ["--profile", "quick", "--seed", str(step.seed), "--workload", WORKLOAD, "--out", str(out)]
    return ["run", *step.scenarios, *targets, *added_ms, *amount, *rest]


def _run(step: Step, folder: Path, lock: int) -> None:
    """Make one run, and end it in order if we are to end.

    It is in a session of its own: by Ctrl-C it would else be interrupted twice, once by the terminal and once by us.
    """
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "harness.cli", *words(step, folder)]
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, pass_fds=[lock]
        )
        try:
            code = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
    if code not in VERDICTS:
        raise HarnessError(f"{step.name} ended with exit code {code}", f"Read {folder / LOG}")
