"""An event loop as a test has it seen: the clocks, who is told, who lets the probe look, and two calls."""

import inspect
import math
from collections.abc import Callable
from types import FrameType

from harness.probe.loop_stack import Seen
from harness.probe.sampler import Look


def do_nothing() -> None:
    """Let nothing come in between."""


class Clocks:
    """Clocks of a thread that stand still until a test sets them, so that a busy machine changes no length.

    Something else may be done as waits for a core are read.
    """

    def __init__(self) -> None:
        self.computed = self.waited = 0.0
        self.ready = False
        self.meanwhile: Callable[[], object] = do_nothing

    def computed_s(self) -> float:
        return self.computed

    def is_ready(self) -> bool:
        return self.ready

    def process_s(self) -> float:
        return self.computed

    def core_wait_s(self) -> float:
        meanwhile, self.meanwhile = self.meanwhile, do_nothing
        meanwhile()
        return self.waited


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 1.0

    def monotonic(self) -> float:
        return self.now_s


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.samples: list[tuple[str, float, dict[str, str]]] = []

    def note(self, _probe: str, metric: str, value: float, **labels: str) -> None:
        self.samples.append((metric, value, labels))

    def stalls(self) -> list[tuple[object, ...]]:
        """The function, the length, and how well that is known."""
        return [
            (labels["call_site"][2], value, labels["length"])
            for metric, value, labels in self.samples
            if metric == "stall_s"
        ]


class Sampler:
    """Lets a test take the looks, in the loop's own thread."""

    due_s = math.inf

    def __init__(self) -> None:
        self.put_off_until_s: list[float] = []

    def add(self, look: Look, early_s: float = 0.0) -> "Sampler":
        assert early_s
        self.looks = look
        return self

    def put_off(self, _looks: object, until_s: float) -> None:
        self.put_off_until_s.append(until_s)


def one_call() -> FrameType:
    """Return a call that the loop may be seen in."""
    frame = inspect.currentframe()
    assert frame
    return frame


def another_call() -> FrameType:
    """Return another one."""
    frame = inspect.currentframe()
    assert frame
    return frame


ONE, ANOTHER = (Seen(frame, frame, frame) for frame in (one_call(), another_call()))
