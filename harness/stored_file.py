"""One file of a stored run, whatever somebody has made of it: written whole or not at all, and read within bounds.

Only a regular file is read, no larger than ``MAX_BYTES``: a link may lead out of the run, a pipe never ends. JSON is
of bounded depth, which its parser sees to, and its numbers are finite and fit into 64 bits.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from io import BufferedReader
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from harness.errors import EvidenceUnreadable

MAX_BYTES = 256 << 20  # a thousand times what a trial leaves
BEYOND = 2**63
SHOWN_CHARACTERS = 300
# What may be a number beyond, so that only a file that has it is searched for one: 19 digits before the point, or an
# exponent of three. Digits after the point do not count: a short time in seconds has twenty of them.
MAY_BE_BEYOND = re.compile(rb"(?:^|[\s:,\[])-?\d{19}|\d[eE]\+?\d{3}|NaN|Infinity")
AGAIN = "Run the benchmark again"
T = TypeVar("T")
# Made once of each type, which takes longer than to read a file with it.
_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def write_json(path: Path, kind: type[T], value: T) -> None:
    """Write a value as JSON, whole or not at all."""
    write_file(path, _adapter(kind).dump_json(value, indent=1))


def write_file(path: Path, data: bytes) -> None:
    """Write a file to a temporary name, which begins with a dot, sync it, and rename it."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read_json(path: Path, kind: type[T], fix: str = AGAIN) -> T:
    """Read a value from JSON.

    Raises:
        EvidenceUnreadable: It can't be read as that, for which ``fix`` is the next step.
    """
    data = read_file(path, fix)
    try:
        known: T = _adapter(kind).validate_json(data, strict=True)
    except ValidationError as error:
        raise unreadable(path, _first(error), fix) from error
    if MAY_BE_BEYOND.search(data) and _is_beyond(from_json(data)):
        raise unreadable(path, "it has a number that is not finite or has more than 64 bits", fix)
    return known


def read_file(path: Path, fix: str = AGAIN) -> bytes:
    """Read a regular file of bounded size.

    Raises:
        EvidenceUnreadable: It is none, or can't be read.
    """
    with _opened(path, fix) as file:
        return file.read()


def digest(path: Path) -> str:
    """Return the SHA-256 of a regular file of bounded size, in hex digits.

    Raises:
        EvidenceUnreadable: It is none, or can't be read.
    """
    with _opened(path, AGAIN) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unreadable(path: Path, why: str, fix: str = AGAIN) -> EvidenceUnreadable:
    """Return the error that names a file and says, in one line, why it can't be read."""
    said = printable(why)
    short = said if len(said) <= SHOWN_CHARACTERS else f"{said[:SHOWN_CHARACTERS]}…"
    return EvidenceUnreadable(f"{printable(str(path))} can't be read: {short}", fix)


def printable(text: str) -> str:
    """Return a text of whatever characters as one line that can be printed."""
    return text if text.isprintable() else ascii(text)[1:-1]


@contextmanager
def _opened(path: Path, fix: str) -> Iterator[BufferedReader]:
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            known = os.fstat(file.fileno())
            if not stat.S_ISREG(known.st_mode):
                raise unreadable(path, "it is no regular file", fix)
            if known.st_size > MAX_BYTES:
                raise unreadable(path, f"it has {known.st_size} bytes, more than {MAX_BYTES}", fix)
            yield file
    except (OSError, ValueError) as error:  # ValueError of a name that no file can have
        raise unreadable(path, getattr(error, "strerror", None) or str(error), fix) from error


def _without_waiting(path: str, flags: int) -> int:
    """Open what is no link, and if it is a pipe, do not wait for its other end."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)


def _first(error: ValidationError) -> str:
    """Return what is wrong first of all, and where."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]


def _is_beyond(value: object) -> bool:
    """Whether a number anywhere in it is not finite or has more than 64 bits."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
        elif (isinstance(one, int) and abs(one) >= BEYOND) or (isinstance(one, float) and not math.isfinite(one)):
            return True
    return False
