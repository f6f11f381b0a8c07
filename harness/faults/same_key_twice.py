"""Two clients send the same request under the same retry key at once."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.model.request_record import Outcome, outcome_of

PAIRS = 10


class SameKeyTwice(BaseFault):
    """A retry that overtakes the first: one of the two does it, and both are told the same."""

    needs = ("retried_write",)
    kind = "same_key_twice"
    detail = f"{PAIRS} pairs"

    def inject(self) -> str:
        """Send pairs at once; the proof is how many pairs were both told that it is done."""
        done = 0
        for _ in range(PAIRS):
            first = self.context.begin(self.handles.retried_write, named=True)
            second = self.context.begin(self.handles.retried_write, key=first.key, named=True)
            for one in (first, second):
                one.send()
            told = [outcome_of(one.answer(), retry_after=False) for one in (first, second)]
            done += told == [Outcome.OK, Outcome.OK]
        return f"{done} of {PAIRS} pairs were both told that it is done" if done else ""
