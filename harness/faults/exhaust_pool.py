"""Every connection of the pool is taken."""

from __future__ import annotations

from harness.faults.base import BaseFault
from harness.faults.context import wait_for
from harness.faults.database import WAITING, holding_up_writes, of_sessions

LEAST = 4


class ExhaustPool(BaseFault):
    """A lock holds up every write until no connection is free: the next request waits for one in vain."""

    needs = ("written_table",)
    kind = "exhaust_pool"
    detail = "all connections wait"

    def inject(self) -> str:
        """Lock what every write needs; the proof is that no connection is without a wait."""
        self.undo.enter_context(holding_up_writes(self.context))
        return wait_for(self._all_wait)

    def _all_wait(self) -> str:
        # in one statement, so in one moment; a connection that idles outside a transaction is in nobody's hand
        counts = f"ARRAY[count(*) FILTER (WHERE {WAITING}), count(*) FILTER (WHERE state <> 'idle')]"
        waiting, in_hand = of_sessions(self.context, counts) or (0, 0)
        return f"{waiting} of {in_hand} connections waited" if waiting >= LEAST and waiting == in_hand else ""
