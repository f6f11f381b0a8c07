"""What a thread did while another one looked at it, told from what the machine did to both.

A machine that lets nobody run, or stops a whole process, looks from within like a call that waits. But then the thread
that looks is late as well, without having been ready for a core, and the other one has not computed meanwhile. A call
that waits lets it look in time, and one that holds the interpreter's lock has computed all the while.
"""

from __future__ import annotations

from typing import NamedTuple

from harness.probe.thread_clocks import ThreadClocks


class Passed(NamedTuple):
    """What passed between two readings.

    ``ran_s`` is what the thread spent in its call, if it is seen in the same one before and after: without its waits
    for a core, what it computed while the other one had none, and what can't be told from a machine that stood still.
    ``process_ran_s`` is the same where other threads of the process had the lock as well, whatever the calls were.
    Linux tells of a wait when it ends, so these may be less than nothing, and take off what was put down before.
    ``idle_s`` is how long of that no thread of the process computed: with a loop that has work to do, its thread was in
    a call that waits. ``kept_s`` is how long the thread that looks was kept from it, while this one computed.
    """

    computed_s: float
    core_wait_s: float
    kept_s: float
    ran_s: float
    process_ran_s: float
    process_kept_s: float
    idle_s: float


class PassedTime:
    """Reads the clocks of a thread that is looked at, and of the one that looks."""

    def __init__(self, clocks: ThreadClocks, now_s: float) -> None:
        self._clocks = clocks
        self._looking: ThreadClocks | None = None
        self._read_s = self._ran_at_s = now_s
        self._computed_s, self._waited_s = clocks.computed_s(), clocks.core_wait_s()
        self._process_s, self._looking_waited_s = clocks.process_s(), 0.0
        self._stood_s = 0.0  # since the last wait for a core that ended, which may have been one

    def looked_at_by(self, clocks: ThreadClocks) -> None:
        """Take into account when the thread of these clocks had no core to look."""
        self._looking, self._looking_waited_s = clocks, clocks.core_wait_s()

    def waits_s(self) -> float:
        """Return how long the thread was ready without a core when it was looked at last, and has not had one yet."""
        return self._read_s - self._ran_at_s if self._clocks.is_ready() else 0.0

    def read(self, now_s: float, due_s: float) -> Passed:
        """Say what passed since the last reading, by a thread that wanted to look at ``due_s``."""
        before = self._read_s, self._computed_s, self._waited_s, self._process_s, self._looking_waited_s
        self._read_s = now_s
        self._computed_s, self._waited_s = self._clocks.computed_s(), self._clocks.core_wait_s()
        self._process_s = self._clocks.process_s()
        if self._looking is not None:
            self._looking_waited_s = self._looking.core_wait_s()
        after = self._read_s, self._computed_s, self._waited_s, self._process_s, self._looking_waited_s
        took_s, computed_s, waited_s, process_s, looking_waited_s = (b - a for a, b in zip(before, after, strict=True))
        if computed_s > 0:
            self._ran_at_s = now_s
        late_s = max(0.0, now_s - due_s - looking_waited_s)
        stood_s = max(0.0, late_s - computed_s - waited_s)
        ran_s = took_s - waited_s
        if waited_s > 0:  # what was taken off as standing still while the wait went on
            ran_s += min(waited_s, self._stood_s)
            self._stood_s = 0.0
        self._stood_s += stood_s
        process_ran_s = ran_s - max(0.0, late_s - process_s - waited_s)
        return Passed(
            computed_s=computed_s,
            core_wait_s=waited_s,
            kept_s=min(late_s, computed_s),
            ran_s=ran_s - stood_s - min(computed_s, looking_waited_s),  # in which it may have gone from call to call
            process_ran_s=process_ran_s,
            process_kept_s=min(late_s, process_s),
            idle_s=process_ran_s - process_s,
        )
