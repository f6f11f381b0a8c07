"""The URL of somebody's own PostgreSQL, which may hold a password: where it is given, and how it is told without.

It is given in a variable of the environment or in a file; on the command line, it is there for all users of the machine
to read.
"""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from harness.errors import UsageError

OPTION = "--postgres-url"
VARIABLE = "TWINBENCH_POSTGRES_URL"
FILE_MARK = "@"
MAX_CHARACTERS = 10_000


def read_url(given: str) -> str:
    """Return the URL itself, or the one in the file where ``given`` is ``@PATH``.

    Raises:
        UsageError: The file can't be read, or is empty.
    """
    if not given.startswith(FILE_MARK):
        return given
    path = _file(given)
    try:
        with path.open(encoding="utf-8") as file:
            url = file.read(MAX_CHARACTERS).strip()  # of /dev/zero, too
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"{OPTION} names {path}, which can't be read: {reason}", "Name a file with the URL") from None
    if not url:
        raise UsageError(f"{OPTION} names {path}, which is empty", "Write the URL into it")
    return url


def exposures(given: str, *, typed: bool) -> Iterator[str]:
    """Say in a sentence each who else may read a password; ``typed`` is whether it was given on the command line."""
    if given.startswith(FILE_MARK):
        path = _file(given)
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield f"{path} has mode {mode:04o}: other users may read the password in it. Say 'chmod 600 {path}'."
    elif typed and (":" in given.partition("://")[2].rpartition("@")[0] or "password=" in given):
        yield (
            f"The password in {OPTION} is visible to other users of this machine."
            f" Give the URL in {VARIABLE}, or in a file as {OPTION} {FILE_MARK}PATH."
        )


def repeatable(words: Sequence[str], url: str | None) -> str:
    """Return the command line that does the same again, without the password: of a URL that was typed, in the variable.

    Args:
        words: What was typed after the program's name.
        url: The server that was used, or None for one of our own.
    """
    kept, given, rest = ["twinbench"], "", iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name == OPTION:
            given = value if equals else next(rest, "")  # of several, the last one counts
        else:
            kept.append(word)
    if given.startswith(FILE_MARK):
        return shlex.join([*kept, OPTION, given])
    told = f"{VARIABLE}={shlex.quote(without_password(url))} " if url else ""
    return told + shlex.join(kept)


def without_password(url: str) -> str:
    """Return ``url`` fit to be printed and stored: without the password of its user and those in its query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an unreadable URL"  # of which nobody knows where its password is
    credentials, at, place = parts.netloc.rpartition("@")
    query = urlencode([(name, value) for name, value in parse_qsl(parts.query) if "password" not in name.lower()])
    return urlunsplit(parts._replace(netloc=f"{credentials.partition(':')[0]}{at}{place}", query=query))


def _file(given: str) -> Path:
    path = Path(given.removeprefix(FILE_MARK))
    try:
        return path.expanduser()
    except RuntimeError:  # of a user that there is not
        return path
