"""Two clients send the same request under the same Idempotency-Key at once."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.context import FaultContext

PAIRS = 10
PATIENCE_S = 8.0
DONE = 201


@dataclass(frozen=True, kw_only=True)
class SameKeyTwice:
    """A retry that overtakes the first: one of the two does it, and both are told the same."""

    context: FaultContext
    kind: str = "same_key_twice"
    colour: str = "--fault-client"
    detail: str = f"{PAIRS} pairs"

    def inject(self) -> str:
        """Send pairs at once; the proof is how many pairs were both told that it is done."""
        done = 0
        for _ in range(PAIRS):
            first = self.context.begin("transfer", named=True)
            second = self.context.begin("transfer", key=first.key, named=True)
            for one in (first, second):
                one.send()
            statuses = [one.answer(PATIENCE_S) for one in (first, second)]
            done += statuses == [DONE, DONE]
        return f"{done} of {PAIRS} pairs were both told that it is done" if done else ""

    def heal(self) -> None:
        """There is nothing to undo."""
