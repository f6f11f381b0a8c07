"""The numbers that are made of evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from harness.model.findings import Quantity, in_unit

# Of a request that is under way: harness.probe.phases.Phase, which lives in somebody's application.
PHASES = ("python", "thread", "connection", "database", "elsewhere")
QUEUE = "queue"  # before the first of them, from when its client sent it
LEAST_LEFT = 0.97  # of a target's throughput, with probes inside


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A figure with its 95 % interval over ``blocks`` blocks; ``low``/``high`` are None below two blocks."""

    value: float
    low: float | None
    high: float | None
    blocks: int


def of_interval(name: str, known: Interval, unit: str = "share") -> dict[str, Quantity]:
    """Return an interval as quantities: its value by ``name``, and its bounds; what is not known is left out."""
    edges = {name: known.value, f"{name}_low": known.low, f"{name}_high": known.high}
    return in_unit(unit, **{edge: value for edge, value in edges.items() if value is not None and isfinite(value)})


@dataclass(frozen=True, kw_only=True)
class CellName:
    """Which cell: a scenario at an added latency, on one target."""

    scenario: str
    added_ms: int
    target: str


@dataclass(frozen=True, kw_only=True)
class Cell(CellName):
    """One target under one scenario at one level, over all its blocks.

    ``latency_ms`` maps a quantile ("p50") to milliseconds from the intended start; a quantile that
    the number of ops cannot support is absent. ``service_ms`` is the same from the actual send.
    ``cpu_cores`` maps a part (target, generator, postgres, toxiproxy) to the mean cores it used. ``parts_ms`` maps each
    phase of a request to its mean milliseconds as a probe inside the target saw it, "queue" to those before, and
    "outside" to what its client waited beyond; it is empty without that probe.
    """

    trials: int
    ops: int
    not_ok: int
    throughput_rps: Interval
    latency_ms: Mapping[str, Interval]
    service_ms: Mapping[str, Interval]
    added_round_trip_ms: float | None
    cpu_cores: Mapping[str, float]
    histogram_ms: tuple[tuple[float, float], ...]  # (latency, share of ops at or below it)
    parts_ms: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Ratio of two targets at one scenario and level; above 1 means ``first`` does more, waits longer or costs more.

    "processor" is the target's processor time a request.
    """

    scenario: str
    added_ms: int
    metric: Literal["throughput", "p50", "processor"]
    first: str
    second: str
    ratio: Interval
    word: Literal["first", "second", "not_significant", "too_few_blocks"]
    detectable: float | None  # smallest ratio above 1 that so many blocks, fixed beforehand, would show


@dataclass(frozen=True, kw_only=True)
class Decomposed:
    """The ratio of two targets as a product, in one row by one metric.

    ``factors`` are in the order of the plan's decomposition. ``by_kind`` multiplies those of each kind, and
    ``product`` all of them: the ``whole``, but for rounds that not every pair of targets has a ratio of.
    """

    whole: Comparison
    factors: tuple[Comparison, ...]
    by_kind: Mapping[str, float]
    product: float


@dataclass(frozen=True, kw_only=True)
class GarbageShare(CellName):
    """What garbage collections take of a target's processor time in one row: ``full`` ones, and ``all`` of them.

    A full one takes ``full_ms`` of processor time, and there is one every ``requests_each`` requests; 0 without any.
    """

    full: Interval
    all: Interval
    full_ms: float
    requests_each: float


@dataclass(frozen=True, kw_only=True)
class TargetGarbage:
    """What garbage collections take of one target's processor time, in every row."""

    target: str
    rows: tuple[GarbageShare, ...]


@dataclass(frozen=True, kw_only=True)
class FrameworkOverhead:
    """A target beside the bare application of its kind, where no database is reached.

    ``kept`` is the share of the bare one's throughput that the target has, ``processor`` the ratio of their processor
    times a request (target/bare), by blocks.
    """

    scenario: str
    target: str
    reference: str
    throughput_rps: Interval
    reference_rps: Interval
    kept: Interval
    processor: Interval


@dataclass(frozen=True, kw_only=True)
class TargetOverheads:
    """A target that was to be held against the bare application of its kind, and what was measured of that."""

    target: str
    reference: str
    overheads: tuple[FrameworkOverhead, ...]


@dataclass(frozen=True, kw_only=True)
class ProbeOverhead:
    """A target with probes beside the same without, and the ``share`` of its throughput that is left."""

    scenario: str
    added_ms: int
    plain: str
    probed: str
    share: Interval


@dataclass(frozen=True, kw_only=True)
class ProxyCost:
    """A target beside the same without the proxy, in one row without added latency.

    ``round_trip_ms`` is what a proxy that injects nothing adds to the median round trip while load runs. ``kept`` is
    the ratio of their throughputs (target/direct), ``processor`` that of their own processor times a request.
    """

    scenario: str
    target: str
    direct: str
    round_trip_ms: Interval
    kept: Interval
    processor: Interval


@dataclass(frozen=True, kw_only=True)
class WireCount:
    """What one operation costs between target and PostgreSQL, per request, on a warm connection."""

    target: str
    operation: str
    round_trips: float
    statements: float | None
    bytes_up: float
    bytes_down: float


@dataclass(frozen=True, kw_only=True)
class PageCost:
    """What a page of users with posts costs by one loading strategy, per request, over all blocks."""

    target: str
    strategy: str
    added_ms: int
    users: int
    posts_each: int
    statements: float | None
    round_trips: float
    bytes_down: float
    answer_bytes: float
    took_ms: Interval


@dataclass(frozen=True, kw_only=True)
class TimelinePoint:
    """One bin of a block's timeline."""

    t_s: float
    target: str
    rps: float
    p50_ms: float | None
    not_ok_rps: float = 0.0


@dataclass(frozen=True, kw_only=True)
class InsidePoint:
    """What probes inside a target saw in one bin of a block's timeline."""

    t_s: float
    target: str
    metric: Literal["lag_ms", "in_use", "waiting", "statements"]
    value: float


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """One block on one time axis: load, latency, what probes saw, and the windows in which a fault was in force.

    ``held_up`` is how many slices of all its targets took far longer than is usual for their row.
    """

    block: int
    bin_s: float
    points: tuple[TimelinePoint, ...]
    faults: tuple[tuple[float, float, str, int], ...]  # start and end in seconds, detail, ms that it adds
    inside: tuple[InsidePoint, ...] = ()
    held_up: int = 0


@dataclass(frozen=True, kw_only=True)
class MeasureWarning:
    """Why the numbers of some cells are to be read with care: a stable code, the cells, and the numbers behind it."""

    code: str
    cells: tuple[CellName, ...]
    values: Mapping[str, Quantity] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TimeUse:
    """How a comparison in slices used its time, from the first request of its first slice to the last answer.

    A target was under load for ``loaded_s`` of ``whole_s``, the edges of all ``slices`` included; ``counted_s`` is
    without edges.
    """

    whole_s: float
    loaded_s: float
    counted_s: float
    slices: int


@dataclass(frozen=True, kw_only=True)
class HeldUp:
    """How many slices of two targets took far longer than usual, of as many of each.

    They are ``left_out`` of the ratio of throughputs, unless one target has so many more that it holds itself up.
    """

    scenario: str
    added_ms: int
    first: str
    second: str
    of_first: int
    of_second: int
    slices_each: int
    left_out: bool


@dataclass(frozen=True, kw_only=True)
class Measures:
    """All numbers that the report draws of a comparison; ``comparisons`` are without factors of ``decomposed``."""

    cells: tuple[Cell, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    decomposed: tuple[Decomposed, ...] = ()
    wire: tuple[WireCount, ...] = ()
    timelines: tuple[Timeline, ...] = ()
    warnings: tuple[MeasureWarning, ...] = ()
    probe_overheads: tuple[ProbeOverhead, ...] = ()
    framework_overheads: tuple[FrameworkOverhead, ...] = ()
    proxy_costs: tuple[ProxyCost, ...] = ()
    garbage: tuple[GarbageShare, ...] = ()
    time_use: TimeUse | None = None
    held_up: tuple[HeldUp, ...] = ()

    @property
    def ratios(self) -> tuple[Comparison, ...]:
        """All ratios of the run, whose intervals hold together: those of pairs, and factors."""
        return (*self.comparisons, *(factor for one in self.decomposed for factor in one.factors))
