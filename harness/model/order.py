"""The load of one trial, as the harness orders it of the generator: one line of JSON between two processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.model.plan import Shape


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to send where, for how long, and the file that the record goes to.

    ``workload`` is the address of the one that ``mix`` weighs the operations of; ``key_prefix`` is 8 hex digits, with
    which every write key begins. Without ``measure_s`` the load goes on until it is told to stop, and without ``ops``
    nothing is recorded.
    """

    ops: Path | None
    host: str
    workload: str
    mix: Mapping[str, int]
    shape: Shape
    warmup_s: float
    measure_s: float | None
    seed: int
    key_prefix: str
