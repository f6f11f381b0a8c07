"""Locust as a subprocess: orders go in, events come out, and the record lies in a file."""

from __future__ import annotations

import json
import selectors
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from harness.errors import HarnessError, PartDied, RecorderFailed
from harness.model.evidence import Window
from harness.model.plan import Interleaved, Order, Turn
from harness.provision.processes import Child, Launch, started

START_TIMEOUT_S = 60.0
# beyond the order's own length: Locust's drain (15 s) and a slow machine
DRAIN_TIMEOUT_S = 30.0
# a load that goes on until it is stopped is given up on after so long
LONGEST_S = 120.0
TURN = TypeAdapter(Turn)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What the generator says of a trial's load: the measured window, and how many records it wrote."""

    window: Window
    recorded: int


class InterleavedLoad:
    """Clients of several loads that wait for their turn; ``recorded`` are the records of each, once it is over."""

    def __init__(self, tell: Callable[[Turn], dict[str, Any]]) -> None:
        self._tell = tell
        self.recorded: tuple[int, ...] = ()

    def begin(self, number: int, spread_s: float = 0.0) -> int:
        """Let the clients of one load send, and return when, on the monotonic clock."""
        return int(self._tell(Turn(load=number, begins=True, spread_s=spread_s))["t_ns"])

    def end(self, number: int) -> tuple[int, float]:
        """Let them send no more and wait for the last answer.

        Returns:
            When the last request may have been sent, on the monotonic clock, and how long half of those that ended
            since the load began took, in seconds.
        """
        told = self._tell(Turn(load=number, begins=False))
        return int(told["t_ns"]), float(told["median_s"])


class Generator:
    """A load generator that is up and waits for orders."""

    def __init__(self, child: Child) -> None:
        self.child = child

    def run(self, order: Order, at_edge: Callable[[str], None]) -> Loaded:
        """Put one trial's load on a target and wait until all of it has come to its end.

        ``at_edge`` is called with "measuring" and "draining" at the two ends of the measured window.

        Raises:
            RecorderFailed: The record is not whole.
            PartDied: The generator ended, or stopped answering.
        """
        self._tell(TypeAdapter(Order).dump_json(order))
        timeout_s = order.warmup_s + (LONGEST_S if order.measure_s is None else order.measure_s) + DRAIN_TIMEOUT_S
        edges = {}
        for expected in ("measuring", "draining"):
            edges[expected] = int(self._event(expected, timeout_s)["t_ns"])
            at_edge(expected)
        recorded = int(self._event("done", timeout_s)["recorded"][0])
        return Loaded(window=Window(start_ns=edges["measuring"], end_ns=edges["draining"]), recorded=recorded)

    def stop(self) -> None:
        """End the load of an order that has no end of its own; ``run``, in another thread, then returns.

        Raises:
            PartDied: The generator ended.
        """
        self._tell(b"stop")

    @contextmanager
    def interleaved(self, orders: Sequence[Order]) -> Iterator[InterleavedLoad]:
        """Hold clients ready for several loads, which begin and end by turns.

        Raises:
            RecorderFailed: A record is not whole.
            PartDied: The generator ended, or stopped answering.
        """
        self._tell(TypeAdapter(Interleaved).dump_json(Interleaved(orders=tuple(orders))))
        try:
            yield (load := InterleavedLoad(self._turn))
        except BaseException:
            with suppress(HarnessError):  # what went wrong first is what is told
                self._conclude()
            raise
        load.recorded = self._conclude()

    def _conclude(self) -> tuple[int, ...]:
        self.stop()
        return tuple(int(count) for count in self._event("done", DRAIN_TIMEOUT_S)["recorded"])

    def _turn(self, turn: Turn) -> dict[str, Any]:
        self._tell(TURN.dump_json(turn))
        return self._event("turn", DRAIN_TIMEOUT_S)

    def wait_until_ready(self) -> None:
        """Wait until Locust is imported.

        Raises:
            PartDied: It ended first.
        """
        self._event("ready", START_TIMEOUT_S)

    def _tell(self, line: bytes) -> None:
        stdin = self.child.popen.stdin
        assert stdin is not None  # noqa: S101 - opened as a pipe below
        try:
            stdin.write(line + b"\n")
            stdin.flush()
        except OSError as error:
            raise self._died("ended") from error

    def _event(self, expected: str, timeout_s: float) -> dict[str, Any]:
        stdout = self.child.popen.stdout
        assert stdout is not None  # noqa: S101 - opened as a pipe below
        with selectors.DefaultSelector() as told:  # select() itself takes no descriptor beyond 1,023
            told.register(stdout, selectors.EVENT_READ)
            if not told.select(timeout_s):
                raise self._died(f"said nothing for {timeout_s:.0f} s")
        line = stdout.readline()
        if not line:
            raise self._died("ended")
        event: dict[str, Any] = json.loads(line)
        if event["event"] == "failed":
            raise RecorderFailed(
                f"The load generator failed, so this run's record is not whole: {event['reason']}",
                f"Read {self.child.log}",
            )
        if event["event"] != expected:
            raise self._died(f"said {event['event']} where {expected} was due")
        return event

    def _died(self, how: str) -> PartDied:
        return PartDied(f"The load generator {how}: {self.child.last_words()}", f"Read {self.child.log}")


@contextmanager
def generator(log: Path) -> Iterator[Generator]:
    """Start a load generator; ``wait_until_ready`` says when it is, so that it can start beside others."""
    argv = [sys.executable, "-m", "scenarios.locust.generator"]
    # unbuffered: select() must see all that has come
    with started("The load generator", argv, log=log, launch=Launch(piped=True)) as child:
        yield Generator(child)
