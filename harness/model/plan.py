"""The plan of a run: targets, scenarios, how much of them, the trials in their order, and the load of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Literal

from harness.model.verdict import Place, Verdict


@dataclass(frozen=True, kw_only=True)
class Target:
    """One build of an API under test.

    ``app`` is ``module:attribute`` of an ASGI application; ``pool`` the most connections it opens,
    ``threads`` the size of the thread limiter of each worker. ``probes`` names those that run inside it.
    ``server`` are words of uvicorn's command line; None for those of the harness. ``variables`` are of its
    environment, on top of the workload's. ``reference`` names a bare
    application of its kind, which it is held against where no database is reached. One that is ``direct`` reaches
    PostgreSQL without the proxy; ``direct_twin`` names the one that is the same but for that.
    """

    name: str
    model: Literal["async", "sync"]
    driver: str
    app: str
    workers: int = 1
    threads: int = 20
    pool: int = 20
    probes: tuple[str, ...] = ()
    server: tuple[str, ...] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""
    direct: bool = False
    direct_twin: str = ""
    flaw: str | None = None
    expected: Mapping[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One factor of a ratio: ``first`` over ``second``, two targets that differ in one thing.

    ``name`` tells it from the others. Factors of one ``kind`` are told as one, with an article: "the drivers".
    """

    name: str
    kind: str
    first: str
    second: str


@dataclass(frozen=True, kw_only=True)
class Decomposition:
    """The ratio of two targets that differ in several things, as a product: each factor begins where one ends.

    Raises:
        ValueError: There are fewer than two factors, or they are no chain.
    """

    factors: tuple[Factor, ...]

    def __post_init__(self) -> None:
        """Hold each factor against the next."""
        if len(self.factors) < 2:  # noqa: PLR2004 - one factor would be the ratio itself
            raise ValueError(f"A product has two factors or more, not {len(self.factors)}")
        for one, following in pairwise(self.factors):
            if one.second != following.first:
                said = f"{one.name!r} ends with {one.second}, and {following.name!r} begins with {following.first}"
                raise ValueError(f"{said}: each factor has to begin where the one before it ends")

    @property
    def whole(self) -> tuple[str, str]:
        """The two targets whose ratio it is."""
        return self.factors[0].first, self.factors[-1].second

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of factors, each once."""
        return tuple(dict.fromkeys(factor.kind for factor in self.factors))

    @property
    def targets(self) -> tuple[str, ...]:
        """All targets of the chain, from the first of the ratio to its second."""
        return (*(factor.first for factor in self.factors), self.factors[-1].second)


@dataclass(frozen=True, kw_only=True)
class Control:
    """A target of which it is known what checks must say, and the least that makes them: cuts, faults, or plain load.

    A flaw fails what its target expects, and a twin, which expects nothing, fails nothing. ``besides`` are checks
    that a flaw may fail, too, where what it breaks is not in its hand. ``load`` are scenarios, each at all of
    ``added_ms``; ``place`` is the function that the check must name, where it names a line.
    """

    target: Target
    cuts: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()
    load: tuple[str, ...] = ()
    added_ms: tuple[int, ...] = (0,)
    place: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The shape of the load: ``clients`` at once, each back to back, or one request every ``pace_s`` seconds.

    With ``retries`` every other write that may be sent again carries a retry key, and is sent again, under the same
    keys, when its client can't know what became of it.
    """

    clients: int
    pace_s: float | None = None
    retries: bool = False


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A question, the load that asks it, and the checks that answer.

    ``mix`` maps an operation of the workload to its weight; ``checks`` names checks of
    ``harness.analysis.checks.registry``. A scenario that never reaches the database runs at 0 ms only. ``called`` is
    what many of its requests are called in a sentence.
    """

    name: str
    question: str
    mix: Mapping[str, int]
    shape: Shape
    checks: tuple[str, ...] = ()
    reaches_database: bool = True
    called: str = ""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A named amount of evidence: ``blocks`` of every row, if there is a number of them.

    Else as many as ``seconds`` have room for, and no more in a row of which every interval's half-width is at most
    ``precision`` of the ratio. In a block each target has two trials of ``measure_s`` in each row, there and back, or
    slices that add up to twice as much.
    """

    name: str
    scenarios: tuple[str, ...]
    added_ms: tuple[int, ...]
    warmup_s: float
    measure_s: float
    blocks: int = 0
    seconds: float = 0.0
    precision: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ChaosProfile:
    """A named amount of chaos: the writes to cut at every byte, and how many seeded schedules of how many faults each.

    ``faults`` is None for all of them in each schedule. Of the schema changes there are two, or with
    ``schema_changes`` all. With ``flaws`` all flaws are tried, too; where there is
    nothing else to do, the twins are tried by what brings the flaws to light.
    """

    name: str
    cuts: tuple[str, ...] = ()
    blocks: int = 1
    faults: int | None = None
    schema_changes: bool = False
    flaws: bool = False


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One target under one scenario at one level (added database latency, one way trip and back), once.

    ``block`` is the unit that statistics resample; ``slot`` orders trials within their block;
    ``position`` is this trial's place (0 to 3) in its cell's A B B A; ``attempt`` counts from 1; ``fault``
    names the kind of fault that is injected into it, if one is.
    """

    id: str
    number: int
    target: str
    scenario: str
    added_ms: int
    block: int
    slot: int
    position: int
    seed: int
    attempt: int = 1
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Processors:
    """The processors, by number, that the targets, the load generator and all else are kept to."""

    targets: tuple[int, ...]
    generator: tuple[int, ...]
    rest: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All trials of a run in the order they are run, and the seed that fixed the order.

    ``targets`` are compared; ``references`` are what some of them are held against where no database is reached, and
    ``directs`` where the proxy's cost is measured. In a ``sliced`` plan the trials of one cell in one block are run
    together, by turns in short slices. A ``decomposition`` says which pairs of targets are compared, where it is not
    each other one with the first. ``processors`` are those that each part is kept to, if it is.
    """

    profile: Profile
    targets: tuple[str, ...]
    trials: tuple[Trial, ...]
    seed: int
    references: tuple[str, ...] = ()
    directs: tuple[str, ...] = ()
    sliced: bool = False
    decomposition: Decomposition | None = None
    processors: Processors | None = None

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs of targets that are compared, first over second, the one that the run is about before all."""
        if self.decomposition:
            factors = self.decomposition.factors
            return (self.decomposition.whole, *((factor.first, factor.second) for factor in factors))
        return tuple((self.targets[0], other) for other in self.targets[1:])

    @property
    def blocks(self) -> int:
        """How many blocks there are, not all of which need to have every row."""
        return len({trial.block for trial in self.trials})


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to send where, for how long, and the file that the record goes to.

    ``workload`` is the address of the one that ``mix`` weighs the operations of; ``key_prefix`` is 8 hex digits, with
    which every write key begins. Without ``measure_s`` the load goes on until it is told to stop, and without ``ops``
    nothing is recorded.
    """

    ops: Path | None
    host: str
    workload: str
    mix: Mapping[str, int]
    shape: Shape
    warmup_s: float
    measure_s: float | None
    seed: int
    key_prefix: str


@dataclass(frozen=True, kw_only=True)
class Interleaved:
    """Several loads, each with clients of its own, that begin and end as they are told."""

    orders: tuple[Order, ...]


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Which of the interleaved loads begins, by its place among them, or ends with its last answer.

    Clients begin spread over ``spread_s``, as they are in the long run: begun at once they would go on in step.
    """

    load: int
    begins: bool
    spread_s: float = 0.0
