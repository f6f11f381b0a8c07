"""The words of the project as types: what flows from plan to report. No I/O lives here.

Times are ``time.monotonic_ns()`` of the one machine that ran everything, unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol


class Outcome(StrEnum):
    """What a client knows of one request when it stops waiting."""

    OK = "ok"  # a 2xx was read to its end
    FAIL = "fail"  # a definite refusal: 4xx, or 503 sent before anything reached the database
    UNKNOWN = "unknown"  # 5xx, timeout or reset: the work may or may not have been done
    UNSENT = "unsent"  # never left the client: connection refused, or its turn never came


class Verdict(StrEnum):
    """What a check says of the evidence."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    UNDECIDED = "undecided"


# --- plan ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Target:
    """One build of an API under test.

    ``app`` is ``module:attribute`` of an ASGI application; ``pool`` the most connections it opens,
    ``threads`` the size of the thread limiter of each worker. ``probes`` names those that run inside it.
    ``server`` are words of uvicorn's command line; None for those of the harness. ``reference`` names a bare
    application of its kind, which it is held against where no database is reached.
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
    reference: str = ""
    flaw: str | None = None
    expected: Mapping[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Control:
    """A target of which it is known what checks must say, and the least that makes them: cuts, faults, or plain load.

    A flaw fails what its target expects, and a twin, which expects nothing, fails nothing. ``besides`` are checks
    that a flaw may fail, too, where what it breaks is not in its hand. ``load`` are scenarios; ``place`` is the file
    and the function that the check must name ("file.py function"), where it names a line.
    """

    target: Target
    cuts: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()
    load: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How load arrives: ``clients`` at once, each back to back, or one request every ``pace_s`` seconds.

    With ``retries`` every other create carries an Idempotency-Key, and is sent again, under the same
    keys, when its client can't know what became of it.
    """

    clients: int
    pace_s: float | None = None
    retries: bool = False


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A question, the load that asks it, and the checks that answer.

    ``mix`` maps an operation of ``scenarios.locust.operations`` to its weight. ``faults`` names fault kinds
    of ``harness.faults``; ``checks`` names checks of ``harness.checks``. A scenario that never
    reaches the database runs at level 0 only.
    """

    name: str
    question: str
    mix: Mapping[str, int]
    shape: Shape
    faults: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)
    reaches_database: bool = True


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How long a run takes: a named amount of evidence."""

    name: str
    scenarios: tuple[str, ...]
    levels_ms: tuple[int, ...]
    blocks: int
    warmup_s: float
    measure_s: float


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
    level_ms: int
    block: int
    slot: int
    position: int
    seed: int
    attempt: int = 1
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All trials of a run in the order they are run, and the seed that fixed the order.

    ``targets`` are compared; ``references`` are what some of them are held against where no database is reached.
    """

    profile: Profile
    targets: tuple[str, ...]
    trials: tuple[Trial, ...]
    seed: int
    references: tuple[str, ...] = ()


# --- evidence -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Op:
    """One client request. ``key`` is empty unless it writes; ``status`` is 0 where no answer came.

    ``named`` says whether it carried an Idempotency-Key, and ``said`` is the answer where a check reads it.
    ``asked`` is what a write asked for: method, path and body.
    """

    id: int
    name: str
    key: str
    intended_ns: int
    started_ns: int
    ended_ns: int
    outcome: Outcome
    status: int
    error: str
    named: bool = False
    said: str = ""
    asked: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One reading: of ``metric`` by ``probe`` at ``t_ns``, told apart by ``labels``."""

    t_ns: int
    probe: str
    metric: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FaultWindow:
    """A fault as observed: when it was in force, and what proves that it bit (empty: nothing does)."""

    kind: str
    detail: str
    injected_ns: int
    healed_ns: int
    proof: str


@dataclass(frozen=True, kw_only=True)
class Window:
    """The measured part of a trial: warm-up lies before it, draining after."""

    start_ns: int
    end_ns: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return (self.end_ns - self.start_ns) / 1e9


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What PostgreSQL itself held after healing, when every transaction had ended.

    ``rows`` counts rows per table and write key. ``facts`` are counts over whole tables, by name:
    credits of all users, users whose credits don't follow from the transfers, posts of no user, and
    sessions of the target that were still in a transaction.
    """

    rows: Mapping[str, Mapping[str, int]]
    facts: Mapping[str, int] = field(default_factory=dict)


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


class Fault(Protocol):
    """One thing that goes wrong.

    ``kind`` names it, ``detail`` says how much of it, ``colour`` is its CSS variable in the figures.
    """

    @property
    def kind(self) -> str:
        """Its name."""

    @property
    def colour(self) -> str:
        """Its CSS variable."""

    @property
    def detail(self) -> str:
        """How much of it."""

    def inject(self) -> str:
        """Start it, and return what proves that it bit; empty if nothing does.

        Raises HarnessError if it cannot be started.
        """

    def heal(self) -> None:
        """Undo it; safe to call whatever happened before."""


# --- loading strategies -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class PageReading:
    """What a page of users with posts cost by one loading strategy, in one block, on a warm connection.

    Counts are means per request: statements that read, by PostgreSQL itself (None where it does not count), round trips
    and bytes on the wire. ``took_ms`` are single requests, as their client timed them.
    """

    target: str
    strategy: str
    level_ms: int
    users: int
    posts_each: int
    block: int
    statements: float | None
    round_trips: float
    bytes_down: float
    answer_bytes: int
    took_ms: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class TurnReading:
    """What a target took with probes and without, in turns of a hundredth of a second, of one pair of processes.

    ``block`` counts the pairs of processes of these two targets, as each of them tells by itself what the probes cost.
    ``plain_ms`` and ``probed_ms`` are milliseconds per request in each round of turns, pair by pair.
    """

    plain: str
    probed: str
    scenario: str
    block: int
    plain_ms: tuple[float, ...]
    probed_ms: tuple[float, ...]


# --- the cut map --------------------------------------------------------------------------------------


class Direction(StrEnum):
    """Which way bytes go between a target and PostgreSQL."""

    UP = "up"  # target to PostgreSQL
    DOWN = "down"  # PostgreSQL to target


class CutWay(StrEnum):
    """How a conversation is cut."""

    LIMIT = "limit_data"  # Toxiproxy lets so many bytes pass and closes both sides
    FIN = "fin"  # both sides see an orderly end
    RST = "rst"  # both sides see a reset
    HOLD = "hold"  # nothing passes for a while, and then everything


@dataclass(frozen=True, kw_only=True)
class WireMessage:
    """One message of PostgreSQL's protocol: its name, what it says, and the bytes it takes, ``[start, end)``."""

    name: str
    says: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """What one warm request of an operation says to PostgreSQL in one direction, byte by byte."""

    target: str
    operation: str
    direction: Direction
    messages: tuple[WireMessage, ...]

    @property
    def length_bytes(self) -> int:
        """Bytes of all messages."""
        return self.messages[-1].end if self.messages else 0


@dataclass(frozen=True, kw_only=True)
class Cut:
    """One write whose conversation with PostgreSQL was cut after ``offset`` bytes, and what came of it.

    ``passed_bytes`` is what a witness on PostgreSQL's side saw pass in the cut direction, and ``message`` the
    protocol message that the first byte held back belongs to; ``bit`` says that the witness saw the cut.
    ``recovered_after`` counts the requests until one was answered well again; 0 if none was. ``asked`` is what the
    write asked for: method, path and body.
    """

    target: str
    operation: str
    direction: Direction
    way: CutWay
    offset: int
    key: str
    outcome: Outcome
    status: int
    error: str
    passed_bytes: int
    message: str
    bit: bool
    took_s: float
    recovered_after: int
    next_status: int
    rows: Mapping[str, int]
    asked: str


@dataclass(frozen=True, kw_only=True)
class CutMap:
    """All cuts of a run, the conversations that they were made in, and how long that took."""

    conversations: tuple[Conversation, ...]
    cuts: tuple[Cut, ...]
    duration_s: float
