"""The command line: as a person would start it, and said in this process, which spares it the start and its imports."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import MappingProxyType

import pytest

from harness.cli import carry_out

ROOT = Path(__file__).parents[1]
Changed = Mapping[str, object]  # what is at full names of modules, for a shorter run; a lambda's source is text
AS_IT_IS: Changed = MappingProxyType({})
# Warm-ups and counts that are as long as they need to be where nobody compares what comes out.
SHORTER: Changed = {
    "harness.experiments.comparison.sliced.VISIT": 0.4,
    "harness.experiments.trial.WARM_UP_S": 0.3,
    "harness.experiments.round_trips.WARMUP_S": 0.1,
    "harness.experiments.round_trips.MEASURE_S": 0.1,
}
# A busy machine may have no write done in the second after a fault that is else enough to see a target recover.
WATCHED_LONGER: Changed = {"harness.experiments.chaos.fault_trial.WATCH_S": 2.5}


def program(changed: Changed = AS_IT_IS) -> list[str]:
    """Return what starts the command line in a process of its own."""
    if not changed:
        return [sys.executable, "-m", "harness.cli"]
    lines = ["from importlib import import_module"]
    for whole, value in changed.items():
        module, _, name = whole.rpartition(".")
        lines += [f"module = import_module({module!r})", f"module.{name}", f"module.{name} = {value}"]
    return [sys.executable, "-c", "\n".join([*lines, "from harness.cli import main", "main()"])]


def twinbench(
    *words: str, timeout_s: float = 100, changed: Changed = AS_IT_IS, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person would."""
    return subprocess.run(
        [*program(changed), *words],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", **variables},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def assert_one_line(error: str, expected: str) -> None:
    """One line of ours that holds what is expected, and no traceback."""
    lines = [line for line in error.splitlines() if line.startswith("twinbench: ")]
    assert len(lines) == 1, error
    assert expected in lines[0]
    assert lines[0].endswith(".")
    assert "Traceback" not in error


@dataclass(frozen=True, kw_only=True)
class Said:
    """What came of a command: its exit code, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


Say = Callable[..., Said]


@pytest.fixture(scope="session")
def say() -> Say:
    """Say words to the command line in this process, with variables of the environment."""

    def said(*words: str, changed: Changed = AS_IT_IS, **variables: str) -> Said:
        with (
            pytest.MonkeyPatch.context() as patch,
            redirect_stdout(StringIO()) as stdout,
            redirect_stderr(StringIO()) as stderr,
        ):
            patch.setattr(sys, "argv", ["twinbench", *words])
            for variable, value in {"COLUMNS": "200", **variables}.items():
                patch.setenv(variable, value)
            for name, own in changed.items():
                patch.setattr(name, own)
            code = carry_out()
        return Said(returncode=code, stdout=stdout.getvalue(), stderr=stderr.getvalue())

    return said
