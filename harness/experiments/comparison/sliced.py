"""One cell of a block in slices: all its targets are up, each with clients of its own, and they take turns.

    warm-up of each → rounds of slices, there and back → the ledger of each

What a shared machine does to one slice it does to those beside it. A target whose turn it is not is stopped, in the
middle of its requests where nothing but work goes on, so that it goes on where it was and a slice can be short. Added
latency runs on whoever is stopped, and a pace is of the clock: there a slice ends with its last answer.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import ceil
from random import Random
from typing import Self

from harness.experiments.block import Block, added_latency, key_prefix, order_of
from harness.experiments.comparison.plan import there_and_back
from harness.experiments.trial import Account, children_of
from harness.load.generator_process import InterleavedLoad, SliceLoaded
from harness.model.evidence import FaultWindow, Sample, Slice, Window
from harness.model.plan import Scenario, SliceOrder, Trial
from harness.model.run_records import TrialRecord
from harness.provision.database import read_ledger
from harness.provision.meter import Meter
from harness.provision.pause import ProcessorClocks, paused, resumed

WARM_UP_S = 0.25
# Counted, of a slice that ends in the middle of requests: of 20, 50, 100 and 250 ms the shorter ones share more of what
# the machine does, at 3 ms for each change of turns.
WITHIN_S = 0.05
SETTLES_S = 0.005  # by when one that was stopped is as busy as it was
SHORTEST_S = 0.1  # of a slice that ends with its last answer
LATENCIES = 3.5  # that it lasts at least, so that its edges are a small part of it
SETTLED = 1.5  # latencies after which a target has as many requests under way as in the long run
LEAST_TURNS = 2  # there and back
PACES = 5  # that it lasts at least, where clients have a pace


@dataclass(frozen=True, kw_only=True)
class Length:
    """How long each slice of a cell is, in seconds, how much of that it takes to settle, and whether it is drained."""

    slice_s: float
    settles_s: float
    drains: bool

    @classmethod
    def of(cls, longest_s: float, pace_s: float, *, drains: bool) -> Self:
        """Choose it by the longest median latency of the targets, and by the pace of clients if they have one."""
        if not drains:
            return cls(slice_s=SETTLES_S + WITHIN_S, settles_s=SETTLES_S, drains=False)
        slice_s = max(SHORTEST_S + SETTLED * longest_s, LATENCIES * longest_s, PACES * pace_s)
        return cls(slice_s=slice_s, settles_s=SETTLED * longest_s, drains=True)


@dataclass(kw_only=True, eq=False)
class _Side:
    """One target's side of the cell: its trial and what it leaves."""

    number: int
    trial: Trial
    block: Block
    clocks: ProcessorClocks
    slices: list[Slice] = field(default_factory=list)
    faults: list[FaultWindow] = field(default_factory=list)

    @property
    def row(self) -> tuple[str, str, int]:
        """What its latency depends on."""
        return self.trial.target, self.trial.scenario, self.trial.added_ms

    @property
    def median_s(self) -> float:
        """How long half of its requests take at most, in seconds; 0 if nobody knows yet."""
        return self.block.medians_s.get(self.row, 0.0)

    def put_on(self, load: InterleavedLoad, seconds: float, *, drains: bool) -> SliceLoaded:
        """Let the target go on, load it, and stop it again."""
        order = SliceOrder(load=self.number, seconds=seconds, spread_s=self.median_s, drains=drains)
        with resumed(self.block.testbeds[self.trial.target].running.child):
            return load.put_on(order)

    def measure(self, load: InterleavedLoad, length: Length, *, last: bool) -> None:
        """Load it for one slice that counts; the ``last`` one ends with its last answer."""
        before, start_ns = self.clocks.read(), time.monotonic_ns()
        loaded = self.put_on(load, length.slice_s, drains=length.drains or last)
        after = self.clocks.read()
        self.slices.append(
            Slice(
                start_ns=start_ns,
                counted_ns=loaded.start_ns + round(length.settles_s * 1e9),
                stop_ns=loaded.stop_ns,
                over_ns=time.monotonic_ns(),
                processor_s={part: after[part] - before[part] for part in after},
            )
        )


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
    trial, pace_s = sides[0].trial, scenario.shape.pace_s or 0.0
    for side in sides:
        if side.row not in side.block.medians_s:
            side.block.medians_s[side.row] = side.put_on(load, WARM_UP_S, drains=True).median_s
    longest_s = max(side.median_s for side in sides)
    length = Length.of(longest_s, pace_s, drains=bool(trial.added_ms or pace_s))
    for side in () if length.drains else sides:
        side.put_on(load, SETTLED * longest_s + length.slice_s, drains=False)
    measure_s = sides[0].block.run.plan.profile.measure_s
    turns = max(LEAST_TURNS, ceil(measure_s / (2 * (length.slice_s - length.settles_s))))
    random = Random(trial.seed)  # noqa: S311 - an order to be repeated, no secret
    order = [side for _ in range(turns) for side in there_and_back(sides, random)]
    for place, side in enumerate(order):
        side.measure(load, length, last=side not in order[place + 1 :])


def _stored(side: _Side, samples: Sequence[Sample]) -> TrialRecord:
    run = side.block.run
    record = TrialRecord(
        trial=side.trial,
        window=Window(start_ns=side.slices[0].counted_ns, end_ns=side.slices[-1].stop_ns),
        samples=tuple(samples),
        faults=tuple(side.faults),
        ledger=read_ledger(run.services.postgres.url, run.workload, key_prefix(side.trial)),
        slices=tuple(side.slices),
    )
    run.store.write_trial(record)
    return record
