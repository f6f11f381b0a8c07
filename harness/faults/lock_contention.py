"""Another client holds the rows that writes need, and several writes need the same."""

from __future__ import annotations

from contextlib import ExitStack

from harness.faults.base import BaseFault
from harness.faults.context import wait_for
from harness.faults.database import WAITING, holding, sessions

# Clients who all need the same rows: when the lock goes, each must see what the one before it did.
RIVALS = 4
SEED = 1


class LockContention(BaseFault):
    """A long transaction of another client has the rows locked, and writes queue up for some of them."""

    needs = ("locked_rows", "rival_write")
    kind = "lock_contention"
    detail = f"every row, FOR UPDATE; {RIVALS} writes of the same"

    def inject(self) -> str:
        """Lock them and send rivals; the proof is how many sessions wait."""
        answers = self.undo.enter_context(ExitStack())  # read when the lock has gone
        self.undo.enter_context(holding(self.context, self.handles.locked_rows))
        for rival in self.send(self.handles.rival_write, RIVALS, seed=SEED):
            answers.callback(rival.answer)
        return wait_for(self._waiting)

    def _waiting(self) -> str:
        found = sessions(self.context, WAITING)
        return f"{found} sessions waited for a lock" if found >= RIVALS else ""
