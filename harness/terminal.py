"""A terminal that shows what others wrote as text."""

from __future__ import annotations

from typing import IO, Any

from rich.console import Console
from rich.text import Text

from harness.printable import printable


class Terminal(Console):
    """A console that takes nothing in a text for markup, an emoji or a control sequence, in tables either.

    Text is styled by what it is printed with alone.
    """

    def __init__(self, *, stderr: bool = False, file: IO[str] | None = None, width: int | None = None) -> None:
        super().__init__(stderr=stderr, file=file, width=width, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401 - all of Rich's, which are passed on
        """Make a text of a string, which every string is made that is printed, alone or in a table."""
        return super().render_str(printable(text, keep="\n"), **options)
