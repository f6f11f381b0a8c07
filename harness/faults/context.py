"""Where faults happen: what a fault may use, while load runs against one target."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import psutil

from harness.errors import HarnessError
from harness.model.workload import Workload

PROOF_TIMEOUT_S = 3.0
_POLL_S = 0.01
T = TypeVar("T")


class Proxy(Protocol):
    """The target's way to PostgreSQL, as far as faults bend it."""

    def add_toxic(self, name: str, kind: str, stream: str, **attributes: int) -> None:
        """Put a toxic in force."""

    def remove_toxic(self, name: str) -> None:
        """Take it out of force; one that is not there is no error."""

    def disable(self) -> None:
        """Drop every connection and refuse new ones."""

    def enable(self) -> None:
        """Accept connections again; one that is enabled stays so."""

    def point_at(self, upstream: str) -> None:
        """Lead new connections to ``host:port``; those that are open are dropped."""


class Sending(Protocol):
    """One write that a client sends as it pleases; what it is told is on record like every other op."""

    key: str

    @property
    def length_bytes(self) -> int:
        """Bytes of the whole request."""

    def send(self, count: int | None = None) -> None:
        """Send so many bytes more, or all that are left."""

    def answer(self, pause_s: float = 0.0) -> int:
        """Read the answer, with a pause before each byte, and return its status; 0 if none came."""

    def hang_up(self) -> None:
        """Close the connection; without an answer its client knows nothing."""


@dataclass(frozen=True, kw_only=True)
class FaultContext:
    """One target under load, and all that stands behind it.

    ``workload`` tells what the target can be asked, and what faults need of it. ``direct`` and ``through`` open a
    connection of the harness's own (psycopg2, autocommit, two seconds to connect), straight to PostgreSQL and by the
    target's proxy. ``workers`` are the target's serving processes. ``toxiproxy`` and ``postmaster`` are None where they
    belong to somebody else, and are then left alone. ``restart_postgres`` stops PostgreSQL at once (immediate shutdown)
    and brings it up again. ``undone_if_killed(statements=…)`` has statements said to PostgreSQL if this process is
    killed before the context is left.
    ``begin(operation, key="", named=False, seed=None)`` connects to the target for one write, under a new key or a
    given one; writes of one operation and seed are about the same rows, and those without differ by their keys.
    """

    workload: Workload
    proxy: Proxy
    postgres_address: str
    direct: Callable[[], Any]
    through: Callable[[], Any]
    workers: Callable[[], Sequence[psutil.Process]]
    toxiproxy: psutil.Process | None
    postmaster: psutil.Process | None
    restart_postgres: Callable[[], None]
    undone_if_killed: Callable[..., AbstractContextManager[None]]
    begin: Callable[..., Sending]


def wait_for(find: Callable[[], T], timeout_s: float = PROOF_TIMEOUT_S) -> T:
    """Ask until something is found, and return it; what is empty, zero or false if there was nothing in time."""
    deadline = time.monotonic() + timeout_s
    while not (found := find()) and time.monotonic() <= deadline:
        time.sleep(_POLL_S)
    return found


def require_own(process: psutil.Process | None, part: str, option: str) -> psutil.Process:
    """Return a process that may be signalled.

    Raises:
        HarnessError: It is somebody else's.
    """
    if process is None:
        raise HarnessError(f"{part} is not ours to stop", f"Leave {option} out")
    return process
