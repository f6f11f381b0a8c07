"""Text that others wrote, made fit for a terminal: what would steer it is shown, and not obeyed."""

from __future__ import annotations

import re

# Control characters, separators of lines, marks that turn the direction of writing, and halves of characters.
_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str, keep: str = "") -> str:
    """Return ``text`` with whatever steers a terminal as its escape in Python, but for characters to ``keep``.

    So a log or an answer can neither colour a terminal, move its cursor or set its title, nor begin a line as if we had
    written it.
    """
    return _STEERING.sub(lambda found: found[0] if found[0] in keep else _escaped(found[0]), text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
