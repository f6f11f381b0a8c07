"""Two targets held against each other in interleaved slices of a hundredth of a second: one with probes, one without.

    one closed loop of clients → the target without probes, then with them → PostgreSQL

On a shared machine a core was seen to give a fifth less from one tenth of a second to the next, while a load in slices
of seconds had to run for hours to tell a hundredth. Slices that are as short as this meet the same machine, and
what one of them misses, a trimmed mean leaves out. Each target has a process of its own, fresh in every block. Both
have one core to themselves, and all else has the others: without that, a probe that only wakes up between slices was
seen to cost three hundredths, perhaps by where the scheduler then puts the target.

A target that pauses still wakes up now and then, and a probed one more often: that was seen to take more than a
hundredth of the slices of the one without. So what the other takes of a slice is not counted. And as a target works for
half of the time, half as many of its requests a second are looked into: as many, of a second of work, as under load.
"""

from __future__ import annotations

import os
import selectors
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from http import HTTPStatus
from itertools import cycle
from statistics import median
from urllib.parse import urlsplit

from harness.errors import PartDied
from harness.experiments.base import Run
from harness.model.evidence import SliceReading
from harness.model.plan import Target
from harness.provision.addresses import HOST
from harness.provision.http_connection import Connection
from harness.provision.target import RunningTarget, target_process, wait_until_serving

CLIENTS = 16
WARM_UP_S = 2.5  # longer than the loop is watched closely because the start held it up
DEADLINE_S = 10.0
# Linux brings the clock of a process that runs up to date now and then only, and of one that has gone to sleep at once:
# so what it still does after its last answer was sometimes taken off the other's slice.
SETTLES_S = 0.001
SLICE_S = 0.016  # about: how many requests that is, the warm-up tells
# Where strings lie in a dict, and so how fast it is, is drawn anew in every process: here the same for both, by block.
HASH_SEED = "PYTHONHASHSEED"
LOOKED_INTO = {"TWINBENCH_LOOKED_INTO_PER_S": "10"}  # harness.probe.request_sampling.MOST_VARIABLE, half of MOST_PER_S


class Cores:
    """Gives targets a core to themselves, where the system can and there are two.

    What this thread starts has the cores that it has itself: within ``of_others``, all but the first; within
    ``of_targets``, the first.
    """

    def __init__(self) -> None:
        self._all = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else []
        self.apart = len(self._all) > 1

    def of_others(self) -> AbstractContextManager[None]:
        """Leave the first core to targets."""
        return self._having(self._all[1:], self._all)

    def of_targets(self) -> AbstractContextManager[None]:
        """Have the core that targets started now are to have."""
        return self._having(self._all[:1], self._all[1:])

    @contextmanager
    def _having(self, cores: Sequence[int], afterwards: Sequence[int]) -> Iterator[None]:
        self._have(cores)
        try:
            yield
        finally:
            self._have(afterwards)

    def _have(self, cores: Sequence[int]) -> None:
        if self.apart and sys.platform == "linux":
            os.sched_setaffinity(0, cores)


class ClosedLoop(AbstractContextManager["ClosedLoop"]):
    """Clients of one server, each of which sends the next request as soon as it has an answer; all in this thread."""

    def __init__(self, port: int, paths: Sequence[str], other_worked_s: Callable[[], float]) -> None:
        """Connect; the paths are asked for one after the other, over and over.

        ``other_worked_s`` tells how long the other target, which has the same core, has had it so far.
        """
        self._other_worked_s = other_worked_s
        self._selector = selectors.DefaultSelector()
        self._clients = [Connection(f"http://{HOST}:{port}", DEADLINE_S) for _ in range(CLIENTS)]
        self._requests = cycle([self._clients[0].message("GET", path, b"", {}) for path in paths])
        for client in self._clients:
            client.open()
            self._selector.register(client, selectors.EVENT_READ, client)

    def __exit__(self, *_error: object) -> None:
        """Close all connections."""
        self._selector.close()
        for client in self._clients:
            client.close()

    def slice(self, requests: int) -> float:
        """Have so many requests answered, and return how long that took, in seconds, without what the other worked.

        Raises:
            OSError: One was not answered, or not well.
        """
        left = requests
        answered = 0
        time.sleep(SETTLES_S)
        began_s = time.perf_counter() - self._other_worked_s()
        for client in self._clients[:requests]:
            client.send(next(self._requests))
            left -= 1
        while answered < requests:
            ready = self._selector.select(DEADLINE_S)
            if not ready:
                raise TimeoutError(f"it did not answer within {DEADLINE_S:.0f} s")
            for key, _ in ready:
                client = key.data
                if (reply := client.receive()) is None:
                    continue
                if reply.status != HTTPStatus.OK:
                    raise ConnectionError(f"it answered {reply.status}")
                answered += 1
                if left:
                    client.send(next(self._requests))
                    left -= 1
        return time.perf_counter() - self._other_worked_s() - began_s


def processor_clock(pid: int) -> Callable[[], float]:
    """Return a clock of the processor time of another process, in seconds; one that stands where Linux has none.

    It is what clock_getcpuclockid(3) returns, which Python does not have for processes: Linux makes it of their number.
    """
    if sys.platform != "linux":
        return lambda: 0.0
    clock = (~pid << 3) | 2
    return lambda: time.clock_gettime(clock)


def read_slices(
    run: Run,
    pair: tuple[Target, Target],
    block: int,
    paths: Mapping[str, Sequence[str]],
    seconds: float,
    cores: Cores,
) -> Iterator[SliceReading]:
    """Start a target without probes and one with, and drive them in slices by each scenario's paths.

    Raises:
        HarnessError: A target did not come up, or did not answer as it should.
    """
    plain, probed = (target.name for target in pair)
    running: list[RunningTarget] = []
    with ExitStack() as stack:
        with cores.of_targets():
            for target in pair:
                log, settings = run.store.log(f"slices-{target.name}"), {HASH_SEED: str(block), **LOOKED_INTO}
                process = target_process(run.workload, target, run.services.postgres.url, log, environment=settings)
                running.append(stack.enter_context(process))
        for started in running:
            wait_until_serving(started)
        for scenario, asked in paths.items():
            try:
                rounds = _drive(running, asked, seconds, swapped=bool(block % 2))
            except OSError as error:
                raise PartDied(
                    f"{plain} or {probed} did not answer {scenario}: {error}",
                    f"Read {running[0].child.log} and {running[1].child.log}",
                ) from error
            yield SliceReading(
                plain=plain,
                probed=probed,
                scenario=scenario,
                block=block,
                plain_ms=tuple(one for one, _ in rounds),
                probed_ms=tuple(other for _, other in rounds),
            )
            run.progress.step()


def _drive(
    running: Sequence[RunningTarget], paths: Sequence[str], seconds: float, *, swapped: bool
) -> list[tuple[float, float]]:
    with ExitStack() as connected:
        plain, probed = (
            connected.enter_context(
                ClosedLoop(urlsplit(one.url).port or 0, paths, processor_clock(other.child.process.pid))
            )
            for one, other in (running, running[::-1])
        )
        return list(_rounds(plain, probed, seconds, swapped=swapped))


def _rounds(plain: ClosedLoop, probed: ClosedLoop, seconds: float, *, swapped: bool) -> Iterator[tuple[float, float]]:
    """Go round A B B A and B A A B by slices, and tell milliseconds per request, without and with probes."""
    each = _requests_of_a_slice(plain, probed)
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        first, second = (probed, plain) if swapped else (plain, probed)
        firsts_s, seconds_s = first.slice(each), second.slice(each)
        seconds_s += second.slice(each)
        firsts_s += first.slice(each)
        plain_s, probed_s = (seconds_s, firsts_s) if swapped else (firsts_s, seconds_s)
        yield 1e3 * plain_s / (2 * each), 1e3 * probed_s / (2 * each)
        swapped = not swapped


def _requests_of_a_slice(plain: ClosedLoop, probed: ClosedLoop) -> int:
    """Warm both up, and say how many requests a slice takes: as many for each of the two, and of each client.

    By the median: where it was the last that told, one of five blocks of the sync twin's pings had slices of 4 ms, as
    that one had been held up; in those a look of the pause before fell into a slice so often that probes looked dearer.
    """
    until_s = time.monotonic() + WARM_UP_S
    took_s: list[float] = []
    while not took_s or time.monotonic() < until_s:
        took_s.append(plain.slice(CLIENTS))
        probed.slice(CLIENTS)
    return CLIENTS * max(1, round(SLICE_S / median(took_s)))
