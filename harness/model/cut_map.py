"""One write's conversation with PostgreSQL, and what came of cutting it at every byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.model.request_record import Outcome
from harness.model.workload import WITH_RETRY_KEY


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

    @property
    def to_be_cut_at(self) -> Sequence[int]:
        """After how many bytes it has to be cut.

        After all; but of a write with a retry key, which is cut without it as well, at each message's beginning, in
        its middle and before its last byte: what is not whole yet is no message to PostgreSQL, nor to a driver.
        """
        if not self.operation.endswith(WITH_RETRY_KEY):
            return range(self.length_bytes + 1)
        within = {at for one in self.messages for at in (one.start, (one.start + one.end) // 2, one.end - 1)}
        return sorted({*within, self.length_bytes})


@dataclass(frozen=True, kw_only=True)
class Cut:
    """One write whose conversation with PostgreSQL was cut after ``offset`` bytes, and what came of it.

    ``passed_bytes`` is what a relay on PostgreSQL's side saw pass in the cut direction, and ``message`` the
    protocol message that the first byte held back belongs to; ``confirmed`` says that the relay saw the cut.
    ``recovered_after`` counts the requests until one was answered well again; 0 if none was. ``rows`` are
    those that it left, by table, and ``owed`` those that it must leave, or none. ``asked`` is what the write asked for.
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
    confirmed: bool
    took_s: float
    recovered_after: int
    next_status: int
    rows: Mapping[str, int]
    owed: Mapping[str, int]
    asked: str


@dataclass(frozen=True, kw_only=True)
class CutMap:
    """All cuts of a run, the conversations that they were made in, and how long that took."""

    conversations: tuple[Conversation, ...]
    cuts: tuple[Cut, ...]
    duration_s: float

    def within(self, part: Conversation) -> list[Cut]:
        """Return the cuts that were made in a conversation."""
        place = (part.target, part.operation, part.direction)
        return [cut for cut in self.cuts if (cut.target, cut.operation, cut.direction) == place]


@dataclass(frozen=True, kw_only=True)
class MessageCuts:
    """One protocol message of a write, and what became of the writes that were cut in it.

    ``runs`` are bytes ``[start, end)`` of one status, cut by Toxiproxy; ``other_ways`` maps "fin", "rst"
    and "hold" to the status of the write that was cut that way at the message's end.
    """

    name: str
    start: int
    end: int
    runs: tuple[tuple[int, int, str], ...]
    other_ways: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class CutStrip:
    """One write's conversation with PostgreSQL in one direction, cut all along. ``statuses`` counts all its cuts."""

    target: str
    operation: str
    direction: str
    length_bytes: int
    messages: tuple[MessageCuts, ...]
    statuses: Mapping[str, int]
