"""A fault in force: injected, and healed however what is done meanwhile ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from harness.faults.latency import Latency
from harness.model.evidence import Fault, FaultWindow
from harness.provision.testbed import Testbed


@dataclass(kw_only=True)
class Injection:
    """A fault while it is in force, and its ``window`` once it has been healed."""

    fault: Fault
    injected_ns: int
    proof: str = ""
    healed_ns: int = 0

    @property
    def window(self) -> FaultWindow:
        """What goes on record."""
        return FaultWindow(
            kind=self.fault.kind,
            detail=self.fault.detail,
            injected_ns=self.injected_ns,
            healed_ns=self.healed_ns,
            proof=self.proof,
        )


@contextmanager
def injected(fault: Fault) -> Iterator[Injection]:
    """Hold a fault in force for as long as the context lasts; its proof is there from the beginning.

    Raises:
        HarnessError: It could not be started.
    """
    injection = Injection(fault=fault, injected_ns=time.monotonic_ns())
    try:
        injection.proof = fault.inject()
        yield injection
    finally:
        fault.heal()
        injection.healed_ns = time.monotonic_ns()


@contextmanager
def added_latency(testbed: Testbed, added_ms: int, round_trip_s: Callable[[], float]) -> Iterator[list[Injection]]:
    """Hold so much latency in force on a testbed's way to PostgreSQL; no injection if that is none.

    ``round_trip_s`` makes one round trip by the same way, on a connection that was open before.
    """
    if not added_ms:
        yield []
        return
    with injected(Latency(proxy=testbed.proxy, added_ms=added_ms, round_trip_s=round_trip_s)) as injection:
        yield [injection]
