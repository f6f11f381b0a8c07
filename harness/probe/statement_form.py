"""The form of a statement: its text without literals, comments and the lengths of its lists.

Statements of one form come from one line of the application, whether it sends values beside the text or within it.
PostgreSQL's own ``pg_stat_statements`` compares them alike; here it is done by text, as the driver is given it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from zlib import crc32

_LITERAL = re.compile(
    r"""(?P<comment> --[^\n]* | /\*.*?\*/)
    | (?P<identifier> "(?:[^"]|"")*+")
    | \$(?P<tag>(?:[^\W\d]\w*)?)\$ .*? \$(?P=tag)\$    # a string in dollar quotes
    | (?<!\w)[eE]'(?:[^'\\]|\\.|'')*+'                 # one with escapes
    | (?:(?<!\w)(?:[bBnNxX]|[uU]&))?'(?:[^']|'')*+'    # any other, also of bits or bytes
    | \$\d+ | %s | %\(\w+\)[sbt] | (?<![:\w]):[^\W\d]\w* # a value that is sent beside the text
    | (?<![\w.])(?:0[xXoObB][\da-fA-F_]+ | \d[\d_]*(?:\.[\d_]*)?(?:[eE][-+]?\d+)? | \.\d+)(?!\w)
    """,
    re.VERBOSE | re.DOTALL,
)
_CAST = re.compile(
    r"""(?<=\?)\s*::\s*(?:[\w.]|"[^"]*")+
    (?:\s+(?:precision|varying|with(?:out)?\s+time\s+zone))?
    (?:\s*\([?,\s]*\))?(?:\[\])*""",
    re.VERBOSE | re.IGNORECASE,
)
_SIGN = re.compile(r"(?<=[=<>(,])( ?)[-+] ?(?=\?)")
_LIST = re.compile(r"\?(?: ?, ?\?)+")
_NAMED = re.compile(r"""(?<!is )(?<!not )(?<![\w."])(?:null|true|false|default)(?![\w."])""", re.IGNORECASE)
_TAKES_LIST = re.compile(r"\b(?:IN ?\((?:VALUES )?[?(]|(?:ANY|ALL|unnest) ?\()", re.IGNORECASE)
_ROWS = re.compile(r"(\((?:[^()]|\([^()]*\))*+\))(?: ?, ?\1)+")


def form_of(statement: str) -> str:
    """Return a statement with ``?`` for each literal, parameter and list of them, on one line, without comments."""
    text = " ".join(_LITERAL.sub(_without_value, statement).split()).replace("( ", "(").replace(" )", ")")
    text = _SIGN.sub(r"\1", _CAST.sub("", _NAMED.sub("?", text)))
    return _ROWS.sub(r"\1", _LIST.sub("?", text))


@lru_cache(maxsize=256)
def name_of(statement: str) -> str:
    """Name the form of a statement: eight hexadecimal digits, the same in every process; ``+`` if it takes a list."""
    form = form_of(statement)
    return f"{crc32(form.encode()):08x}{'+' if _TAKES_LIST.search(form) else ''}"


def _without_value(found: re.Match[str]) -> str:
    if found["comment"]:
        return " "
    return found["identifier"] or "?"
