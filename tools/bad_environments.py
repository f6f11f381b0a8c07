"""Try the program in bad environments: it must say what is wrong in a line, or do as if nothing were.

    python tools/bad_environments.py --cases 400 --seed 1 --runs 4

Each case is a command with variables, words, limits or an output as some shell carries them, drawn from the seed. None
may end in a traceback, hang, or return another code than docs/cli.md says. Cases take a fraction of a second each, as
their commands start nothing; ``--runs`` is how many whole runs there are besides, in half a minute each. What is tried
is in bad_environments.toml.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random

from harness.provision.toxiproxy_binary import cache_folder

ROOT = Path(__file__).parents[1]
PROGRAM = (sys.executable, "-P", "-m", "harness.cli")  # -P: as installed, it is not looked for in the current folder
TIMEOUT_S = 600.0  # a second on a machine that is not busy
RUN_TIMEOUT_S = 1200.0  # half a minute on a machine that is not busy
NO_START = ("--toxiproxy-url", "http://127.0.0.1:1")  # where nothing answers


def _spelt(text: str) -> str:
    return {"<long>": "long" * 1500, "<byte>": os.fsdecode(b"caf\xe9")}.get(text, text)


_DRAWN_FROM = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())
VALUES = [_spelt(value) for value in _DRAWN_FROM["values"]]
FITTING: Mapping[str, Sequence[str]] = _DRAWN_FROM["fitting"]
VARIABLES: Mapping[str, Sequence[str]] = _DRAWN_FROM["variables"]
# Options, and what people give them that can't be.
OPTIONS = {name: [_spelt(value) for value in values] for name, values in _DRAWN_FROM["options"].items()}
# What a shell does first, and where output goes, each with the codes that may then come besides the usual ones.
BEFORE: Mapping[str, Sequence[int]] = _DRAWN_FROM["before"]
OUTPUTS: Mapping[str, Sequence[int]] = _DRAWN_FROM["outputs"]
NOBODY_READS = "<nobody>"  # of the outputs: a pipe whose other end is closed
NEEDED = "enum, tempfile, typing"  # of Python itself
UNKNOWN_ACCOUNT = 12345  # of no name, as in a container that is run with a user's number


@dataclass(frozen=True, kw_only=True)
class Case:
    """One command in one environment, and the codes that it may return.

    ``before`` is what a shell says before it runs the program, and ``output`` where output goes, if not to us.
    ``account`` is whom it runs as instead of us, and ``kind`` what of it is bad.
    """

    words: tuple[str, ...]
    codes: frozenset[int]
    variables: Mapping[str, str] = field(default_factory=dict)
    kind: str = ""
    before: str = ""
    output: str = ""
    account: str | int | None = None
    folder: Path = ROOT
    timeout_s: float = TIMEOUT_S

    def __str__(self) -> str:
        """Return it as it could be typed, in short."""
        variables = [f"{name}={value}" for name, value in self.variables.items()]
        typed = shlex.join(["env", *variables, "twinbench", *self.words])
        return ascii(f"{self.kind}: {self.before or ':'}; {typed[:300]} {self.output}") + f" as {self.account or 'us'}"


def sample(seed: int, count: int, scratch: str, *, stored: str = "", runs: int = 0) -> list[Case]:
    """Return cases of a seed, and so many whole runs.

    ``stored`` is a run to check, if there is one, and ``scratch`` a folder for results, open to every account.
    """
    random = Random(seed)  # noqa: S311 - to be repeated, no secret
    _lay(Path(scratch))
    return [
        *itertools.islice(_cheap(random, stored, scratch), count),
        *itertools.islice(_whole_runs(random, scratch), runs),
    ]


def _lay(scratch: Path) -> None:
    """Make the places to which words and variables lead."""
    os.mkfifo(scratch / "pipe")
    (scratch / "loop").symlink_to("loop")
    (scratch / "nowhere").symlink_to("nothing")
    (scratch / "copied" / "latest").mkdir(parents=True)
    _scatter(scratch / "settings")


def _scatter(folder: Path) -> None:
    """Put settings of other tools into a folder, which may be a home."""
    for name, content in _DRAWN_FROM["settings"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def _cheap(random: Random, stored: str, scratch: str) -> Iterator[Case]:
    """Yield cases that start nothing, for ever."""
    usual = [
        Case(words=("doctor",), codes=frozenset({0, 3})),
        Case(words=("list", "--all", "--out", scratch), codes=frozenset({0})),
        Case(words=("--help",), codes=frozenset({0})),
        Case(words=("run", "nosuch", "--out", scratch), codes=frozenset({2})),
        Case(words=("chaos", "--fault", "nosuch", "--out", scratch), codes=frozenset({2})),
        Case(words=("run", "ping", *NO_START, "--out", scratch), codes=frozenset({2})),
        Case(words=("serve", "sync", "--port", "9999", *NO_START), codes=frozenset({2})),
    ]
    usual += [Case(words=(word, stored), codes=frozenset({0, 1, 3})) for word in ("check", "report") if stored]
    for number in itertools.count():
        case = random.choice(usual)
        match random.randrange(14):
            case 0 | 1:
                yield _mistaken(random, scratch)
            case 2:
                output, codes = random.choice([*OUTPUTS.items()])
                yield replace(case, kind="output", output=output, codes=case.codes.union(codes))
            case 3:
                limit, allowed = random.choice("vnufsd"), random.choice((64, 1000, 100_000, 1_000_000, 4_000_000))
                yield replace(case, kind="limit", before=f"ulimit -{limit} {allowed}", codes=case.codes | {4})
            case 4 | 5:
                before, codes = random.choice([*BEFORE.items()])
                yield replace(case, kind="before", before=before, codes=case.codes.union(codes))
            case 6:
                yield _standing_in(random, case, Path(scratch) / f"module {number}")
            case 7:
                settings = Path(scratch) / "settings"
                variables = {"HOME": str(settings), "XDG_CONFIG_HOME": str(settings / ".config")}
                yield replace(case, kind="settings of other tools", variables=variables, folder=settings)
            case 8 if _open_to_nobody():
                account = random.choice(("nobody", UNKNOWN_ACCOUNT))
                variables = _carried(random, 1, scratch)
                yield replace(case, kind="account", account=account, variables=variables, codes=case.codes | {2})
            case _:
                variables = _carried(random, random.choice((1, 1, 1, 1, 3, 10)), scratch)
                kind = next((kind for kind, names in VARIABLES.items() if {*variables} <= {*names}), "several kinds")
                yield replace(case, kind=f"variable: {kind}", variables=variables, codes=case.codes | {2})


@cache
def _open_to_nobody() -> bool:
    """Say whether we may run a program as another account, and that account this one."""
    if os.geteuid() != 0:
        return False
    argv = [sys.executable, "-c", "import typer"]
    with suppress(OSError):
        return subprocess.run(argv, user="nobody", capture_output=True, check=False).returncode == 0
    return False


def _standing_in(random: Random, case: Case, folder: Path) -> Case:
    """Return a case in which a module stands in for another, on ``PYTHONPATH`` or in the current folder."""
    name, content = random.choice(_DRAWN_FROM["modules"]), random.choice(_DRAWN_FROM["contents"])
    folder.mkdir()
    (folder / f"{name}.py").write_text(content)
    codes = case.codes | {2} | ({130} if "KeyboardInterrupt" in content else set())
    if random.randrange(2):
        return replace(case, kind="module on PYTHONPATH", codes=codes, variables={"PYTHONPATH": str(folder)})
    return replace(case, kind="module in the current folder", codes=codes, folder=folder)


def _mistaken(random: Random, scratch: str) -> Case:
    """Return a run with an option that is given what it can't take; nothing would be started if it could."""
    option = random.choice([*OPTIONS])
    words = ["run", "ping", option, random.choice(OPTIONS[option]).replace("<scratch>", scratch)]
    words += [] if option == "--toxiproxy-url" else NO_START
    words += [] if option == "--out" else ["--out", scratch]
    return Case(words=tuple(words), codes=frozenset({2}), kind=f"option {option}")


def _carried(random: Random, count: int, scratch: str) -> dict[str, str]:
    """Draw so many variables, half of them of those that have fitting values, and these with one of them."""
    carried = {}
    for _ in range(count):
        fits = random.random() < 0.5  # noqa: PLR2004 - half of them
        name = random.choice([*FITTING] if fits else VARIABLES[random.choice([*VARIABLES])])
        carried[name] = _value(random, name if fits else "", scratch)
    return carried


def _value(random: Random, name: str, scratch: str) -> str:
    """Draw a value: one that fits a variable of this name, if there is one."""
    return random.choice(FITTING.get(name, VALUES)).replace("<scratch>", scratch)


def _whole_runs(random: Random, scratch: str) -> Iterator[Case]:
    """Yield whole runs under everything at once from which the program shields itself, in a folder with a hard name."""
    shielded = {name for kind in ("libpq", "proxies", "python", "libraries") for name in VARIABLES[kind]}
    shielded -= {"PYTHONPATH", "TWINBENCH_CACHE", "PGUSER"}  # which are ours
    shielded |= {"LC_ALL", "LANG", "TZ", "TMPDIR", "TERM", "COLUMNS", "MALLOC_ARENA_MAX", "GIT_DIR", "NO_COLOR"}
    for number in itertools.count():
        there = Path(scratch) / f"ä folder {number}, 100% [b] {{c}} 'd' #e $HOME"
        _scatter(there)
        carried = {name: _value(random, random.choice((name, "")), scratch) for name in sorted(shielded)}
        for name in VARIABLES["python"]:
            if not _python_begins({name: carried.get(name, "")}):
                carried.pop(name, None)
        carried |= {"HOME": str(there), "TWINBENCH_CACHE": str(cache_folder())}  # what was built stays where it is
        before = random.choice([before for before, codes in BEFORE.items() if not codes and "cd " not in before])
        words = ("run", "ping", "--blocks", "1", "--latency-ms", "0", "--target", "sync")
        # a verdict is there, whatever a busy machine makes of it
        usual = Case(kind="whole run", words=words, codes=frozenset({0, 1, 3}), timeout_s=RUN_TIMEOUT_S)
        yield replace(usual, variables=carried, before=before, folder=there)


def complaint(case: Case) -> str:
    """Try a case, and return what is wrong with what came of it; "" if nothing is."""
    # ours is found by it where a checkout is not installed
    path = os.pathsep.join(filter(None, [str(ROOT), case.variables.get("PYTHONPATH")]))
    run = '"$@" | :' if case.output == NOBODY_READS else f'exec "$@" {case.output}'
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", f"{case.before or ':'}; {run}", "sh", *PROGRAM, *case.words],
            cwd=case.folder,
            env={**os.environ, **case.variables, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=case.timeout_s,
            check=False,
            user=case.account,
        )
    except subprocess.TimeoutExpired:
        return f"no end after {case.timeout_s:.0f} s"
    errors = re.sub("\x1b\\[[0-9;]*m", "", done.stderr.decode(errors="replace"))  # in colour, if a variable says so
    ours = [line for line in errors.splitlines() if line.startswith("twinbench: ")]
    if not ours and done.returncode and _nothing_of_ours_ran(case, errors):
        return ""
    if "Traceback" in errors or "is a bug of twinbench" in errors:
        wrong = "a traceback"
    elif done.returncode not in case.codes:
        wrong = f"code {done.returncode} instead of {sorted(case.codes)}"
    elif done.returncode in {2, 4} and len(ours) != 1 and "2>" not in case.output:
        wrong = f"{len(ours)} lines of ours instead of one"
    else:
        return ""
    return f"{wrong}: {errors[-1500:]} {done.stdout.decode(errors='replace')[-1500:]}"


def _nothing_of_ours_ran(case: Case, errors: str) -> bool:
    """Say whether the interpreter, or the loader before it, ended by itself."""
    if re.search(r"Fatal Python error|error while loading shared libraries|not found|init_import_site", errors):
        return True
    # a limit so low that the interpreter itself does not come up, or a module in the way to -m
    return not _python_begins(case.variables, case.before, "pkgutil" if "module" in case.kind else NEEDED)


def _python_begins(variables: Mapping[str, str], before: str = "", needed: str = NEEDED) -> bool:
    """Say whether the interpreter begins under these variables, which it reads before any program."""
    begun = subprocess.run(
        ["/bin/sh", "-c", f'{before or ":"}; exec "$@"', "sh", sys.executable, "-c", f"import {needed}"],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return begun.returncode == 0


def main() -> int:
    """Try as many cases as asked for, and print each that is wrong; return 1 if any is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=0, help="whole runs besides")
    parser.add_argument("--stored", default="", help="a stored run, to be judged again")
    given = parser.parse_args()
    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="bad environments "))
        Path(scratch).chmod(0o777)  # for the other account
        chosen = sample(given.seed, given.cases, scratch, stored=given.stored, runs=given.runs)
        workers = stack.enter_context(ThreadPoolExecutor(os.cpu_count()))
        wrong, kinds = 0, Counter(case.kind for case in chosen)
        for number, (case, what) in enumerate(zip(chosen, workers.map(complaint, chosen), strict=True), start=1):
            wrong += bool(what)
            sys.stdout.write(f"{case}\n    {what}\n" if what else "")
            sys.stdout.write(f"{number} environments of seed {given.seed}: {wrong} wrong\n" if number % 25 == 0 else "")
            sys.stdout.flush()
    sys.stdout.write("".join(f"{count:5} {kind}\n" for kind, count in sorted(kinds.items())))
    sys.stdout.write(f"{len(chosen)} environments of seed {given.seed}: {wrong} wrong\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
