"""The evidence that a run leaves: requests, samples, faults as they were observed, and what the database held.

Times are ``time.monotonic_ns()`` of the one machine that ran everything, unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from harness.model.ledger import Ledger
from harness.model.plan import Scenario, Target, Trial
from harness.model.request_record import Op
from harness.model.verdict import Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One reading: of ``metric`` by ``probe`` at ``t_ns``, and what was seen with it: numbers, names and places."""

    t_ns: int
    probe: str
    metric: str
    value: float
    fields: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FaultWindow:
    """A fault as observed: when it was in force, and what proves that it took effect (empty: nothing does)."""

    kind: str
    detail: str
    injected_ns: int
    healed_ns: int
    proof: str


@dataclass(frozen=True, kw_only=True)
class FaultRow:
    """One fault as it was observed in one trial; ``recovered_s`` is from its heal to the first write done.

    From its injection to the end of the trial clients met ``errors``, by status or by what ended a request without an
    answer, and the longest of their requests took ``longest_s``.
    """

    trial: str
    target: str
    kind: str
    detail: str
    start_s: float
    end_s: float
    proof: str
    recovered_s: float | None
    in_transaction: int
    errors: Mapping[str, int] = field(default_factory=dict)
    longest_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Window:
    """The measured part of a trial: warm-up lies before it, draining after."""

    start_ns: int
    end_ns: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return (self.end_ns - self.start_ns) / 1e9

    def holds(self, t_ns: int) -> bool:
        """Whether a time lies in it; its end does not."""
        return self.start_ns <= t_ns < self.end_ns


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A short time in which one of several targets had all of the load and the others were stopped.

    It ran from ``start_ns`` to ``over_ns``. Of one that begins without a request and ends with its last answer, what
    ended from ``counted_ns``, by when the load had settled, to ``stop_ns``, when clients sent no more, counts for
    throughput and latency; of one that goes on in the middle of requests, all. ``processor_s`` is the processor time
    that each part used in the whole of it.
    """

    start_ns: int
    counted_ns: int
    stop_ns: int
    over_ns: int
    processor_s: Mapping[str, float]

    @property
    def goes_on(self) -> bool:
        """Whether it began and ended in the middle of requests."""
        return (self.counted_ns, self.stop_ns) == (self.start_ns, self.over_ns)

    @property
    def counted(self) -> Window:
        """The part that counts."""
        return Window(start_ns=self.counted_ns, end_ns=self.stop_ns)

    @property
    def whole(self) -> Window:
        """All of it."""
        return Window(start_ns=self.start_ns, end_ns=self.over_ns)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that a check may look at, of one trial.

    ``complete`` is true only for a trial that ran to its end; an interrupted one keeps what it had,
    with ``window`` and ``ledger`` missing.
    """

    trial: Trial
    target: Target
    scenario: Scenario
    environment: Mapping[str, str]
    ops: tuple[Op, ...]
    samples: tuple[Sample, ...]
    faults: tuple[FaultWindow, ...]
    window: Window | None
    ledger: Ledger | None
    complete: bool

    def reading(self, metric: str) -> float | None:
        """Return the first reading of a metric; None if there is none."""
        return next((sample.value for sample in self.samples if sample.metric == metric), None)


class Fault(Protocol):
    """One thing that goes wrong: ``kind`` names it, ``detail`` says how much of it."""

    @property
    def kind(self) -> str:
        """Its name."""

    @property
    def detail(self) -> str:
        """How much of it."""

    def inject(self) -> str:
        """Start it, and return what proves that it took effect, if anything; HarnessError if it can't be started."""

    def heal(self) -> None:
        """Undo it; safe to call whatever happened before."""


@dataclass(frozen=True, kw_only=True)
class PageReading:
    """What a page of users with posts cost by one loading strategy, in one block, on a warm connection.

    Counts are means per request: statements that read, by PostgreSQL itself (None where it does not count), round trips
    and bytes on the wire. ``took_ms`` are single requests, as their client timed them.
    """

    target: str
    strategy: str
    added_ms: int
    users: int
    posts_each: int
    block: int
    statements: float | None
    round_trips: float
    bytes_down: float
    answer_bytes: int
    took_ms: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class SliceReading:
    """What a target took with probes and without, in slices of a hundredth of a second, of one pair of processes.

    ``block`` counts the pairs of processes of these two targets, as each of them tells by itself what the probes cost.
    ``plain_ms`` and ``probed_ms`` are milliseconds per request in each round of slices, pair by pair.
    """

    plain: str
    probed: str
    scenario: str
    block: int
    plain_ms: tuple[float, ...]
    probed_ms: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class PageReadings:
    """All pages that a run asked for."""

    readings: tuple[PageReading, ...]
