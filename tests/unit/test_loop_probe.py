"""The interpreter's lock is let go at each read of a file: what the other thread does then changes no stall."""

import threading
import time
from collections.abc import Callable

import pytest

from harness.probe.looker import Looker
from harness.probe.loop import LoopProbe
from harness.probe.recorder import Recorder

SECONDS = 0.1


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.stalls_s: list[float] = []

    def note(self, _probe: str, metric: str, value: float, **_labels: str) -> None:
        """Keep the length of a stall."""
        if metric == "stall_s":
            self.stalls_s.append(value)


class Probe(LoopProbe):
    """Watches this thread, and does something else as it reads how long that waited for cores."""

    def __init__(self, told: Recorder, meanwhile: Callable[["Probe"], None]) -> None:
        super().__init__(told, Looker())
        self._meanwhile = meanwhile
        self._thread = threading.get_ident()
        self.ask(time.monotonic() - SECONDS)

    def ask(self, at_s: float) -> None:
        """Ask the loop, which does not answer yet."""
        self._asked_s = self._began_s = self._told_s = at_s
        self._overdue = True

    def _waited_for_cores_s(self) -> float:
        meanwhile, self._meanwhile = self._meanwhile, lambda _probe: None
        meanwhile(self)
        return 0.0


@pytest.mark.parametrize("when", ["as the answer is worked out", "as it is looked at"])
def test_a_stall_is_told_whatever_comes_in_between(when: str) -> None:
    told = Told()
    probe = Probe(told, lambda _probe: None)  # type: ignore[arg-type]  # it is only told
    began_s = probe._asked_s
    probe._look(began_s, began_s)
    if when == "as it is looked at":
        probe._meanwhile = lambda one: one._answer()
        probe._look(began_s + SECONDS / 2, began_s + SECONDS)
    else:
        probe._look(began_s + SECONDS / 2, began_s + SECONDS)
        probe._meanwhile = lambda one: one.ask(time.monotonic())
        probe._answer()
    assert [stall_s >= SECONDS for stall_s in told.stalls_s] == [True]
