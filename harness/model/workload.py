"""A workload: what an application can be asked, what its writes leave behind, and what faults may use: all of it data.

An application of another shape is one module that makes one ``Workload``. Nothing else in the harness knows a path, a
table or a column of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from harness.model.plan import ChaosProfile, Control, Decomposition, Profile, Scenario, Target

PADDING = "x" * 200  # what makes a text in a body as long as such texts are; left out where a request is told
WITH_RETRY_KEY = "+retry_key"  # ends the name of a write that is cut under a retry key
SENT_HEADER = "X-Request-Start"  # when a client sent a request: nanoseconds of the machine's monotonic clock

Sizes = Mapping[str, int]  # how much is seeded, by names of the workload's own


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return what it asks for, without what only makes it long."""
        body = "" if self.body is None else f" {json.dumps(self.body)}"
        return f"{self.method} {self.path}{body}".replace(PADDING, "x…x")


# A pure function of chance and of a key that no other request has (empty for a read).
Operation = Callable[[Random, str], Request]


@dataclass(frozen=True, kw_only=True)
class Write:
    """What one write leaves: rows by table, all of them or none.

    One that ``retries`` may be sent again under a retry key. One that is ``cuttable`` says the same number of bytes
    every time, so that a cut lands where it was aimed.
    """

    rows: Mapping[str, int]
    retries: bool = False
    cuttable: bool = False


@dataclass(frozen=True, kw_only=True)
class SumRead:
    """A read whose answer tells in ``field`` (JSON) the number of an invariant, which the writes ``moved_by`` touch."""

    operation: str
    field: str
    invariant: str
    moved_by: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Invariant:
    """A number that SQL reads of the whole database (parameters: the sizes), and what it must be, as the seed says."""

    name: str
    query: str
    expected: Callable[[Sizes], int] = lambda _sizes: 0


@dataclass(frozen=True, kw_only=True)
class Database:
    """The tables of an application, how they come to be, and how they are read.

    ``key_column`` carries the key of the write that made a row; without one, rows can't be told apart by writes.
    ``migrate`` takes a URL, ``seed`` and ``restore`` a cursor (psycopg2, autocommit) and sizes: the first empties all
    tables and writes the seed, the second writes again what operations have taken away. ``application_name`` is that of
    the application's sessions.
    """

    tables: tuple[str, ...]
    application_name: str
    migrate: Callable[[str], None]
    seed: Callable[[Any, Sizes], None]
    sizes: Sizes
    restore: Callable[[Any, Sizes], None] | None = None
    key_column: str = ""
    invariants: tuple[Invariant, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Filling:
    """A table that can be filled: SQL that adds ``%(rows)s`` rows and that takes them away, and its sequence of ids."""

    table: str
    insert: str
    delete: str
    sequence: str


@dataclass(frozen=True, kw_only=True)
class LockOrder:
    """Rows in two halves: SQL that locks the upper and the lower one, and what tells a write that waits for its second.

    Writes lock the lower half first, so that whoever holds the upper and asks for the lower closes a circle.
    """

    upper: str
    lower: str
    waiting: str


@dataclass(frozen=True, kw_only=True)
class Handles:
    """What faults need of an application, each where there is such a thing; a fault without what it needs is left out.

    Attributes:
        time_limits: Variables that shorten the application's waits, so that a fault's course fits into seconds.
        written_table: A table that every write inserts into.
        slow_table: A table that some writes insert into.
        altered_table: A table that gets a column more, an index more, and all that back.
        read_column: A column of it, an integer or a text, that is in answers.
        filling: A table that can be filled.
        locked_rows: SQL that locks every row that writes of one kind need.
        rival_write: A write of that kind: those of one seed need the same rows.
        lock_order: How a deadlock comes about.
        client_write: A write that clients of faults send.
        unique_write: A write that can't be done twice, as something in it is unique.
        retried_write: A write that may be sent again under a retry key.
        count_written: SQL that counts which of the writes of ``%(keys)s`` (an array) are there.
    """

    time_limits: Mapping[str, str] = field(default_factory=dict)
    written_table: str = ""
    slow_table: str = ""
    altered_table: str = ""
    read_column: str = ""
    filling: Filling | None = None
    locked_rows: str = ""
    rival_write: str = ""
    lock_order: LockOrder | None = None
    client_write: str = ""
    unique_write: str = ""
    retried_write: str = ""
    count_written: str = ""


@dataclass(frozen=True, kw_only=True)
class Questions:
    """The scenarios that a workload brings, how much of them a run is made of, and the one under which faults come."""

    scenarios: Mapping[str, Scenario]
    profiles: Mapping[str, Profile]
    chaos: Scenario
    chaos_profiles: Mapping[str, ChaosProfile]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """An application as the harness knows it. ``name`` is its own address, ``module:attribute``.

    ``key_header`` carries the key of a write, ``retry_header`` the same where it may be sent again, and
    ``retry_rows`` are what that adds to the rows of a write. ``health`` is the cheapest operation that needs the
    database. ``locks`` tells which rows a write needs, so that clients can stay out of each other's way. ``variables``
    configure a target for a database's URL, and ``settings`` tells name, value and reason of each of its settings.
    ``twins`` are the targets that are compared, and ``decomposition`` is a ratio as a product, for a run whose targets
    are all of its.
    """

    name: str
    operations: Mapping[str, Operation]
    writes: Mapping[str, Write]
    health: str
    database: Database
    questions: Questions
    targets: Mapping[str, Target]
    twins: tuple[str, ...]
    variables: Callable[[Target, str], Mapping[str, str]]
    key_header: str = ""
    retry_header: str = ""
    retry_rows: Mapping[str, int] = field(default_factory=dict)
    sum_read: SumRead | None = None
    locks: Callable[[Request], Collection[object]] = lambda _request: ()
    handles: Handles = field(default_factory=Handles)
    controls: Mapping[str, Control] = field(default_factory=dict)
    probed: Mapping[str, Target] = field(default_factory=dict)
    decomposition: Decomposition | None = None
    settings: Callable[[Target], Iterable[tuple[str, str, str]]] = lambda _target: ()

    def request(self, operation: str, chance: Random | int, key: str = "", *, named: bool = False) -> Request:
        """Make one request about what chance, or a seed of it, says; ``named`` says that it may be sent again."""
        random = Random(chance) if isinstance(chance, int) else chance  # noqa: S311 - to be repeated, no secret
        request = self.operations[operation](random, key)
        headers = {self.key_header: key} if key and self.key_header else {}
        if named:
            headers[self.retry_header] = key
        return replace(request, headers=headers) if headers else request

    def request_to_cut(self, write: str, seed: int, key: str) -> Request:
        """Make the request of one of the writes that can be cut."""
        operation = write.removesuffix(WITH_RETRY_KEY)
        return self.request(operation, seed, key, named=operation != write)

    @property
    def cuttable(self) -> tuple[str, ...]:
        """Return the writes that can be cut, and those of them that a retry key goes with once more, under it."""
        names = [name for name, write in self.writes.items() if write.cuttable]
        return (*names, *(f"{name}{WITH_RETRY_KEY}" for name in names if self.writes[name].retries))
