"""Where in an application: a line of a file, and the function around it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a function. ``line`` is 0 where any line is meant; the framework's has no ``file``."""

    file: str
    line: int
    function: str

    def is_in(self, other: Place) -> bool:
        """Whether both are in one function, whatever the lines."""
        return (self.file, self.function) == (other.file, other.function)
