"""Two clients send the same request under the same retry key at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.context import FaultContext
from harness.model.op import Outcome, outcome_of

PAIRS = 10


@dataclass(frozen=True, kw_only=True)
class SameKeyTwice:
    """A retry that overtakes the first: one of the two does it, and both are told the same."""

    needs: ClassVar = ("retried_write",)
    context: FaultContext
    kind: str = "same_key_twice"
    detail: str = f"{PAIRS} pairs"

    def inject(self) -> str:
        """Send pairs at once; the proof is how many pairs were both told that it is done."""
        write = self.context.workload.handles.retried_write
        done = 0
        for _ in range(PAIRS):
            first = self.context.begin(write, named=True)
            second = self.context.begin(write, key=first.key, named=True)
            for one in (first, second):
                one.send()
            told = [outcome_of(one.answer(), retry_after=False) for one in (first, second)]
            done += told == [Outcome.OK, Outcome.OK]
        return f"{done} of {PAIRS} pairs were both told that it is done" if done else ""

    def heal(self) -> None:
        """There is nothing to undo."""
