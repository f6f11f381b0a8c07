"""The manifest of a run: what its plan and evidence were when it ended, in a form that ``sha256sum -c`` reads.

It tells of accidents: a file that was edited, cut off, lost, or put into another run. It is no defence against a
forger, who can write it anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.errors import EvidenceUnreadable
from harness.stored_file import digest, printable, read_file, unreadable, write_file

MANIFEST = "SHA256SUMS"
MADE_AGAIN = frozenset({"summary.json", "report.html"})  # of the evidence, by whoever judges it
LOGS = "logs"
NAMED = 5  # files of each kind, before they are only counted
LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")
PUT_BACK = "Put back what the run left, or run the benchmark again"


def is_sealed(folder: Path) -> bool:
    """Whether a run has its manifest; one that was killed has none."""
    return os.path.lexists(folder / MANIFEST)


def seal(folder: Path) -> None:
    """Write the manifest over all plan and evidence in a run's folder."""
    lines = [f"{digest(folder / name)}  {name}\n" for name in evidence_files(folder)]
    write_file(folder / MANIFEST, os.fsencode("".join(lines)))


def require_as_sealed(folder: Path) -> None:
    """Hold a run against its manifest; one that has none must at least be made of files.

    Raises:
        EvidenceUnreadable: Plan or evidence was altered, is missing or was added since, or there is no reading it.
    """
    found = evidence_files(folder)
    if not is_sealed(folder):
        return
    sealed = _manifest(folder / MANIFEST)
    changed = {
        "altered": [name for name in found if name in sealed and digest(folder / name) != sealed[name]],
        "missing": sorted(sealed.keys() - set(found)),
        "added": [name for name in found if name not in sealed],
    }
    said = "; ".join(f"{how} {_named(names)}" for how, names in changed.items() if names)
    if said:
        raise EvidenceUnreadable(f"{folder} has changed since its run ended: {said}", PUT_BACK)


def evidence_files(folder: Path) -> list[str]:
    """Return the names of all files of plan and evidence, from the run's folder, in order.

    Logs are none, nor is what is made again, nor what begins with a dot: a temporary name, or a file manager's notes.

    Raises:
        EvidenceUnreadable: Something that may be read is neither a file nor a folder of files.
    """
    try:
        return sorted(_walked(folder))
    except OSError as error:
        raise unreadable(folder, str(error)) from error


def _walked(folder: Path) -> Iterator[str]:
    folders = [folder]
    while folders:
        with os.scandir(folders.pop()) as found:
            entries = list(found)
        for entry in entries:
            name = str(Path(entry.path).relative_to(folder))
            if entry.name.startswith(".") or name == LOGS:
                continue
            if entry.is_dir(follow_symlinks=False) and name not in MADE_AGAIN:
                folders.append(Path(entry.path))
            elif not entry.is_file(follow_symlinks=False):
                raise unreadable(Path(entry.path), "it is no regular file", PUT_BACK)
            elif name not in MADE_AGAIN | {MANIFEST}:
                yield name


def _manifest(path: Path) -> dict[str, str]:
    """Read the digests by the names of their files."""
    sealed = {}
    *lines, rest = os.fsdecode(read_file(path, PUT_BACK)).split("\n")
    for number, line in enumerate([*lines, *filter(None, [rest])], start=1):
        if (known := LINE.fullmatch(line)) is None:
            raise unreadable(path, f"line {number} is none of sha256sum", PUT_BACK)
        sealed[known[2]] = known[1]
    return sealed


def _named(names: Sequence[str]) -> str:
    shown, more = ", ".join(map(printable, names[:NAMED])), len(names) - NAMED
    return f"{shown} and {more} more" if more > 0 else shown
