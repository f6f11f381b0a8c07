"""One client request: its columns, from the load generator's record to the checks."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model.outcome import Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Op:
    """One client request. ``key`` is empty unless it writes; ``status`` is 0 where no answer came.

    ``named`` says whether it carried a retry key, and ``said`` is the answer where a check reads it.
    ``asked`` is what a write asked for: method, path and body.
    """

    id: int
    name: str
    key: str
    intended_ns: int
    started_ns: int
    ended_ns: int
    outcome: Outcome
    status: int
    error: str
    named: bool = False
    said: str = ""
    asked: str = ""
