"""What may happen to a stored run: one change of one file, of two, or of the plan, drawn by chance."""

from __future__ import annotations

import copy
import functools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

from harness.seal import evidence_files

DEEP = 100_000
STRANGE = ("", "nosuch", "../../..", "\x00\n\x1b[31m", "é" * 5000, -1, 0, 2**62, 2**63, 10**400, 1.5, 1e300, True, None)


def flip_bit(path: Path, random: Random) -> None:
    """Flip one bit."""
    data = bytearray(path.read_bytes())
    if data:
        place = random.randrange(8 * len(data))
        data[place // 8] ^= 1 << place % 8
    path.write_bytes(bytes(data))


def cut_off(path: Path, random: Random) -> None:
    """Cut the end off, or all of it."""
    data = path.read_bytes()
    path.write_bytes(data[: random.choice((0, random.randrange(len(data) + 1)))])


def overwrite(path: Path, random: Random) -> None:
    """Write noise over a stretch of it."""
    data, place = bytearray(path.read_bytes()), random.randrange(path.stat().st_size + 1)
    noise = random.randbytes(random.choice((1, 8, 200)))
    data[place : place + len(noise)] = noise
    path.write_bytes(bytes(data))


def replace_by_pipe(path: Path, _random: Random) -> None:
    """Put a pipe in its place."""
    path.unlink()
    os.mkfifo(path)


def replace_by_folder(path: Path, random: Random) -> None:
    """Put a folder in its place, empty or not."""
    path.unlink()
    path.mkdir()
    if random.random() < 0.5:  # noqa: PLR2004 - half of them
        (path / "file").write_text("{}")


def replace_by_link(path: Path, random: Random) -> None:
    """Put a link in its place: to a copy, to nothing, to itself, or to what never ends."""
    copy = path.with_name(f".{path.name}-copy")
    path.rename(copy)
    path.symlink_to(random.choice((copy.name, "nothing", path.name, "/dev/zero")))


def replace_by_gap(path: Path, _random: Random) -> None:
    """Make it longer than any disk."""
    os.truncate(path, 1 << 40)


def replace_by_nest(path: Path, random: Random) -> None:
    """Put brackets in its place, one in the other."""
    opening, closing = random.choice((("[", "]"), ('{"a":', "}")))
    path.write_text(opening * DEEP + "1" + closing * random.choice((0, DEEP)))


def lose(path: Path, _random: Random) -> None:
    """Delete it."""
    path.unlink()


def add(path: Path, random: Random) -> None:
    """Put another file beside it."""
    path.with_name(random.choice(("notes.txt", "cuts.json", "pages.json", "slices.json", "a\nb"))).write_text("[]")


def edit(path: Path, random: Random) -> None:
    """Change one value of JSON: into something strange, a nest, its neighbour, or nothing."""
    try:
        whole = json.loads(path.read_bytes())
    except ValueError:
        return flip_bit(path, random)
    places = list(_places(whole))
    holder, key = random.choice(places)
    old = holder[key]
    nest = functools.reduce(lambda inner, _: [inner], range(300), copy.deepcopy(old))
    other_holder, other_key = random.choice(places)
    fitting = [one for one in STRANGE if isinstance(one, type(old))] or [type(old)()]
    new = random.choice(
        (*STRANGE, *fitting * 3, [], {}, [copy.deepcopy(old)], nest, copy.deepcopy(other_holder[other_key]))
    )
    if random.random() < 0.2:  # noqa: PLR2004 - a fifth of them
        del holder[key]
    else:
        holder[key] = new
    text = json.dumps(whole, indent=1)
    path.write_text(text.replace("1e+300", random.choice(("1e999", "NaN", "-Infinity"))))
    return None


def _places(value: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - whatever JSON holds
    """Yield every value within another, by its holder and key."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict | list):
            for key in one if isinstance(one, dict) else range(len(one)):
                yield one, key
                left.append(one[key])


def exchange_files(folder: Path, random: Random) -> str:
    """Exchange two files of one name."""
    return _exchange(folder, list(folder.glob(random.choice(("*/*/*.json", "*/*/ops.arrows")))), random)


def exchange_trials(folder: Path, random: Random) -> str:
    """Exchange the folders of two trials."""
    return _exchange(folder, list((folder / "trials").glob("*")), random)


def _exchange(folder: Path, paths: list[Path], random: Random) -> str:
    if len(paths) < 2:  # noqa: PLR2004 - there is nothing to exchange
        return edit_plan(folder, random)
    first, second = random.sample(sorted(paths), 2)
    aside = first.with_name(".aside")
    first.rename(aside)
    second.rename(first)
    aside.rename(second)
    return f"exchange {first.name} and {second.name}"


def edit_plan(folder: Path, random: Random) -> str:
    """Change what is asked of a run: fewer trials, no checks, other names."""
    path = folder / "run.json"
    record = json.loads(path.read_bytes())
    trials, scenarios = record["plan"]["trials"], record["scenarios"]
    what = random.choice(("first trial", "no trials", "no checks", "unknown check", "unknown name", "no targets"))
    if what == "first trial":
        del trials[1:]
    elif what == "no trials":
        trials.clear()
    elif what == "no targets":
        record["targets"] = []
    elif what == "unknown name":
        random.choice([*trials, *record["targets"], *scenarios]).update(name="nosuch", target="nosuch")
    else:
        for scenario in scenarios:
            scenario["checks"] = [] if what == "no checks" else ["nosuch"]
    path.write_text(json.dumps(record))
    return f"plan: {what}"


OF_FILES: tuple[Callable[[Path, Random], None], ...] = (
    *(flip_bit, flip_bit, cut_off, overwrite, edit, edit, edit, lose, add),
    *(replace_by_pipe, replace_by_folder, replace_by_link, replace_by_gap, replace_by_nest),
)
OF_RUNS: tuple[Callable[[Path, Random], str], ...] = (exchange_files, exchange_trials, edit_plan, edit_plan)


def alter(folder: Path, random: Random) -> str:
    """Alter a run in one place, and say what was done."""
    change = random.choice((*OF_FILES, *OF_RUNS))
    if change in OF_RUNS:
        return change(folder, random)  # type: ignore[return-value]  # as the tuple says
    names = evidence_files(folder)
    kinds = sorted({Path(name).name for name in names})  # one of each kind as often as one of another
    kind = random.choice(kinds)
    name = random.choice([name for name in names if Path(name).name == kind])
    change(folder / name, random)
    return f"{change.__name__} {name}"


def alter_file(path: Path, random: Random) -> str:
    """Alter one file, or put something else in its place, and say what was done."""
    change = random.choice([change for change in OF_FILES if change is not lose])
    change(path, random)
    return f"{change.__name__} {path.name}"
