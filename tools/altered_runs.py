"""Alter stored runs in one place each, read them again, and see what comes of it.

    python -m tools.altered_runs RUN... [--count 3000] [--seed 1]

Whatever was done to a run, ``check`` and ``report`` end with an exit code of theirs, without a traceback, a hang or a
signal. With the manifest that it had they name the change and exit with 2; without one no run passes. Of some of
them the manifest is made again, as a forger would: such a run may say anything, and what breaks on it is told as a bug.
Of others the manifest itself is altered, or what is made again of the evidence.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import harness.command_line  # what is imported before a process is forked need not be afterwards
import harness.commands.interruption
import harness.console
import harness.ops_file
import harness.premises
import harness.run
import harness.terminal  # noqa: F401 - the same
from harness.cli import carry_out
from harness.errors import EvidenceUnreadable, ExitCode
from harness.experiments.registry import EXPERIMENTS, experiment
from harness.seal import MADE_AGAIN, MANIFEST, seal
from tools.alterations import alter, alter_file

HANG_S = 300  # a check takes less than a second, and a report some seconds, on a machine that is not busy
VERDICTS = {ExitCode.PASS, ExitCode.FAIL, ExitCode.UNDECIDED}
BESIDE = "as it was, like the evidence"
MANIFESTS = ("as it was", "removed", "made again", "altered", BESIDE)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One altered run: which, what is done to it, what becomes of its manifest, and by which command it is read."""

    run: Path
    seed: int
    manifest: str
    command: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it; ``wrong`` is empty if that is as it should be."""

    case: Case
    done: str
    code: int
    wrong: str
    said: str


def try_case(case: Case) -> Outcome:
    """Alter a copy of a run, read it in a process of its own, and judge what came of it."""
    with tempfile.TemporaryDirectory(prefix="altered-") as place:
        folder = Path(place) / "run"
        shutil.copytree(case.run, folder)
        before, random = _state(folder), Random(case.seed)  # noqa: S311 - to be repeated
        if case.manifest == "altered":
            done = alter_file(folder / MANIFEST, random)
        elif case.manifest == BESIDE:
            made = folder / random.choice(sorted(MADE_AGAIN))
            made.touch()  # where nobody has made it yet
            done = alter_file(made, random)
        else:
            done = alter(folder, random)
        is_changed = _state(folder) != before
        if case.manifest == "removed":
            (folder / MANIFEST).unlink()
        elif case.manifest == "made again":
            try:
                seal(folder)
            except EvidenceUnreadable:  # of a pipe there is no sum
                pass
            else:
                is_changed = False
        code, said = _read(case.command, folder, Path(place) / "said")
    wrong = _what_is_wrong(case, code, said, is_changed=is_changed)
    return Outcome(case=case, done=done, code=code, wrong=wrong, said=said)


def _state(folder: Path) -> dict[str, object]:
    """What is in a run, told without the code that is under test; of the manifest, an end of its last line is none."""
    known = sorted(path for path in folder.rglob("[!.]*") if path.name not in MADE_AGAIN and "logs" not in path.parts)
    return {
        str(path.relative_to(folder)): path.read_bytes().rstrip(b"\n" if path.name == MANIFEST else b"")
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 30
        else path.lstat().st_mode
        for path in known
        if not path.is_dir() or path.is_symlink()
    }


def _read(command: str, folder: Path, said: Path) -> tuple[int, str]:
    """Say a command in a forked process; return its exit code, below 0 for a signal, and its errors."""
    child = os.fork()
    if not child:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(HANG_S)
        sys.stdout, sys.stderr = Path(os.devnull).open("w"), said.open("w")  # noqa: SIM115 - until the process ends
        os.dup2(sys.stdout.fileno(), 1)
        os.dup2(sys.stderr.fileno(), 2)
        sys.argv = ["twinbench", command, str(folder)]
        code = ExitCode.HARNESS.value
        try:
            code = carry_out()
        finally:
            sys.stderr.flush()
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, said.read_text(errors="replace")


def _what_is_wrong(case: Case, code: int, said: str, *, is_changed: bool) -> str:
    if code < 0:
        return "hang" if code == -signal.SIGALRM else f"signal {-code}"
    # what is as its manifest has it is as we would have stored it
    is_bug = case.manifest == "made again" and code == ExitCode.HARNESS and "is a bug of twinbench" in said
    if not is_bug and ("Traceback" in said or code not in VERDICTS | {ExitCode.USAGE}):
        return "traceback"
    is_one_line = said.count("\n") == 1 and said.startswith("twinbench: ")
    if (code == ExitCode.USAGE and not is_one_line) or (code in {ExitCode.PASS, ExitCode.FAIL} and said):
        return "no clear line"
    if is_changed and case.manifest != "removed" and code != ExitCode.USAGE:
        return "not noticed"
    if case.manifest == "removed" and code == ExitCode.PASS:
        return "passes unfinished"
    return ""


def cases(runs: Sequence[Path], count: int, seed: int) -> list[Case]:
    """Draw cases: each run and each fate of a manifest as often as another; a report of one in twelve."""
    random = Random(seed)  # noqa: S311 - to be repeated
    return [
        Case(
            run=runs[number % len(runs)],
            seed=random.getrandbits(32),
            manifest=MANIFESTS[number // len(runs) % len(MANIFESTS)],
            command="report" if random.random() < 1 / 12 else "check",
        )
        for number in range(count)
    ]


def outcomes(chosen: Sequence[Case], workers: int) -> Iterator[Outcome]:
    """Try cases in processes forked from this one."""
    warm_up()
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        yield from pool.imap_unordered(try_case, chosen)


def warm_up() -> None:
    """Import what every forked process needs, which would take each of them two seconds."""
    for kind in EXPERIMENTS:
        experiment(kind)


def main() -> int:
    """Try as many altered runs as asked for, print those with which something is wrong, and count what came of all."""
    parser = argparse.ArgumentParser(description="Alter stored runs, and read them again.")
    parser.add_argument("run", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    came: Counter[tuple[str, int]] = Counter()
    wrong = 0
    for outcome in outcomes(cases(asked.run, asked.count, asked.seed), os.cpu_count() or 1):
        came[outcome.case.manifest, outcome.code] += 1
        if outcome.wrong:
            wrong += 1
            print(f"{outcome.wrong}: {outcome.done}: {outcome.case}\n{outcome.said[-2000:]}", flush=True)  # noqa: T201 - what it is for
        if came.total() % 200 == 0:
            print(f"{came.total()} altered runs of seed {asked.seed}: {wrong} wrong", flush=True)  # noqa: T201 - the same
    for (manifest, code), count in sorted(came.items()):
        print(f"manifest {manifest}: {count} runs with exit code {code}")  # noqa: T201 - the same
    print(f"{wrong} of {sum(came.values())} altered runs were not read as they should be")  # noqa: T201 - the same
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
