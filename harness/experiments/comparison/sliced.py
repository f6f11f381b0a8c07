"""One cell of a block in slices: all its targets are up, each with clients of its own, and they take turns.

    warm-up of each → rounds of slices, there and back → the ledger of each

What a shared machine does to one slice it does to those beside it. A target whose turn it is not is stopped, in the
middle of its requests where nothing but work goes on, so that it goes on where it was and a slice can be short. Added
latency runs on whoever is stopped, a pace is of the clock, and a lock that is held meanwhile keeps the others from
their rows: there a slice ends with its last answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from math import ceil
from random import Random

from harness.experiments.block import Block, added_latency, key_prefix, order_of
from harness.experiments.comparison.plan import stops_within_requests, there_and_back
from harness.experiments.trial import Account, children_of
from harness.load.generator_process import InterleavedLoad
from harness.model.evidence import FaultWindow, Sample, Slice, Window
from harness.model.plan import Scenario, Trial
from harness.model.run_records import TrialRecord
from harness.provision.database import read_ledger
from harness.provision.meter import Meter
from harness.provision.pause import ProcessorClocks, paused, resumed

WARM_UP_S = 0.2
# Of a slice that goes on in the middle of requests: those of 25 and 50 ms scatter least, and change turns in 3 ms.
WITHIN_S = 0.05
SHORTEST_S = 0.1  # of a slice that ends with its last answer
LATENCIES = 3.5  # that it lasts at least, so that its edges are a small part of it
SETTLED = 1.5  # latencies after which a target has as many requests under way as in the long run
VISIT = 2  # times what a block of whole trials measures: to go from row to row takes a second
PACES = 5  # that it lasts at least, where clients have a pace


@dataclass(kw_only=True, eq=False)
class _Side:
    """One target's side of the cell: its trial and what it leaves."""

    number: int
    trial: Trial
    block: Block
    clocks: ProcessorClocks
    slices: list[Slice] = field(default_factory=list)
    faults: list[FaultWindow] = field(default_factory=list)
    end_ns: int = 0

    @property
    def row(self) -> tuple[str, str, int]:
        """What its latency depends on."""
        return self.trial.target, self.trial.scenario, self.trial.added_ms

    @property
    def median_s(self) -> float:
        """How long half of its requests take at most, in seconds; 0 if nobody knows yet."""
        return self.block.medians_s.get(self.row, 0.0)

    def resumed(self) -> AbstractContextManager[None]:
        """Let the target go on for as long as the context lasts."""
        return resumed(self.block.testbeds[self.trial.target].running.child)

    def warm_up(self, load: InterleavedLoad) -> None:
        """Load it off the record, if its latency isn't known yet."""
        if self.row not in self.block.medians_s:
            medians_s = []
            with self.resumed():
                for _ in range(2):
                    load.begin(self.number)
                    time.sleep(WARM_UP_S)
                    medians_s.append(load.end(self.number)[1])
            # connections are opened in the first, which takes many round trips; and what held the other up is no
            # reason for long slices
            self.block.medians_s[self.row] = min(medians_s)

    def begin(self, load: InterleavedLoad) -> None:
        """Begin a load that goes on from slice to slice, and stop the target as soon as that is as in the long run."""
        with self.resumed():
            load.begin(self.number, self.median_s)
            time.sleep(WITHIN_S + SETTLED * self.median_s)

    def slice_within(self, seconds: float) -> None:
        """Let the target go on for one slice in the middle of its requests."""
        before, start_ns = self.clocks.read(), time.monotonic_ns()
        with self.resumed():
            time.sleep(seconds)
        over_ns = time.monotonic_ns()
        self._note((start_ns, start_ns, over_ns, over_ns), before)

    def end(self, load: InterleavedLoad) -> None:
        """End a load that went on from slice to slice, with the target going on."""
        self.end_ns = time.monotonic_ns()
        load.end(self.number)

    def slice_whole(self, load: InterleavedLoad, seconds: float, settles_s: float) -> None:
        """Load it for one slice that begins without a request and ends with its last answer."""
        before, start_ns = self.clocks.read(), time.monotonic_ns()
        with self.resumed():
            begun_ns = load.begin(self.number, self.median_s)
            time.sleep(seconds)
            self.end_ns, _ = load.end(self.number)
            after_ns = time.monotonic_ns()
        self._note((start_ns, begun_ns + round(settles_s * 1e9), self.end_ns, after_ns), before)

    def _note(self, edges_ns: tuple[int, int, int, int], before: Mapping[str, float]) -> None:
        after = self.clocks.read()
        times = dict(zip(("start_ns", "counted_ns", "stop_ns", "over_ns"), edges_ns, strict=True))
        self.slices.append(Slice(**times, processor_s={part: after[part] - before[part] for part in after}))


def run_sliced(trials: Sequence[Trial], block: Block) -> list[TrialRecord]:
    """Run the trials of one cell, one of each target, by turns from end to end, and store their evidence.

    Raises:
        HarnessError: A part died, or a record is not whole. What was recorded so far is on disk.
    """
    testbeds = [block.testbeds[trial.target] for trial in trials]
    with ExitStack() as stack:
        sides = []
        for number, (trial, testbed) in enumerate(zip(trials, testbeds, strict=True)):
            route = block.routes[trial.target if testbed.link else "direct"]
            side = _Side(number=number, trial=trial, block=block, clocks=ProcessorClocks(children_of(block, trial)))
            stack.enter_context(added_latency(testbed, trial.added_ms, route.round_trip_s, side.faults))
            sides.append(side)
        named = {"direct", "clean", *(trial.target for trial in trials)}
        meter = stack.enter_context(Meter({name: route for name, route in block.routes.items() if name in named}))
        accounts = [Account(testbed.running) for testbed in testbeds]
        with (
            block.generator.interleaved([order_of(trial, block) for trial in trials]) as load,
            paused([testbed.running.child for testbed in block.testbeds.values()]),
        ):
            _take_turns(sides, block.run.scenario(trials[0].scenario), load)
        told = [account.samples(recorded) for account, recorded in zip(accounts, load.recorded, strict=True)]
    return [_stored(side, [*meter.samples(), *own]) for side, own in zip(sides, told, strict=True)]


def _take_turns(sides: Sequence[_Side], scenario: Scenario, load: InterleavedLoad) -> None:
    """Load each side for as long as its latency isn't known yet, and then by turns for as long as the profile says.

    A round is a slice of each side, the unit of which statistics are made; every second one runs backwards.
    """
    trial, run = sides[0].trial, sides[0].block.run
    for side in sides:
        side.warm_up(load)
    measure_s = VISIT * run.plan.profile.measure_s
    random = Random(trial.seed)  # noqa: S311 - an order to be repeated, no secret
    if stops_within_requests(scenario, trial.added_ms, run.workload):
        for side in sides:
            side.begin(load)
        for side in _order(sides, measure_s / WITHIN_S, random):
            side.slice_within(WITHIN_S)
        with ExitStack() as going_on:  # all at once, as one may wait for a lock of another
            for side in sides:
                going_on.enter_context(side.resumed())
            for side in sides:
                side.end(load)
        return
    pace_s = scenario.shape.pace_s or 0.0
    longest_s = max(side.median_s for side in sides)
    settles_s = SETTLED * longest_s
    slice_s = max(SHORTEST_S + settles_s, LATENCIES * longest_s, PACES * pace_s)
    for side in _order(sides, measure_s / (slice_s - settles_s), random):
        side.slice_whole(load, slice_s, settles_s)


def _order(sides: Sequence[_Side], slices: float, random: Random) -> Iterator[_Side]:
    """Yield each side for at least so many slices on the way there, and as many back."""
    for _ in range(ceil(slices)):
        yield from there_and_back(sides, random)


def _stored(side: _Side, samples: Sequence[Sample]) -> TrialRecord:
    run = side.block.run
    record = TrialRecord(
        trial=side.trial,
        window=Window(start_ns=side.slices[0].counted_ns, end_ns=side.end_ns),
        samples=tuple(samples),
        faults=tuple(side.faults),
        ledger=read_ledger(run.services.postgres.url, run.workload, key_prefix(side.trial)),
        slices=tuple(side.slices),
    )
    run.store.write_trial(record)
    return record
