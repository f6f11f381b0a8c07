"""One cell of a block in slices: all its targets are up, and the same clients go from one to the other and back.

    warm-up of each → rounds of slices, there and back → the ledger of each

What a shared machine does to one slice it does to those beside it. A target that is not loaded is stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import ceil
from random import Random

from harness.experiments.block import Block, added_latency, key_prefix, order_of
from harness.experiments.comparison.plan import there_and_back
from harness.experiments.trial import Account, children_of
from harness.load.generator_process import InterleavedLoad
from harness.model.evidence import FaultWindow, Sample, Slice, Window
from harness.model.plan import SliceOrder, Trial
from harness.model.run_records import TrialRecord
from harness.provision.database import read_ledger
from harness.provision.meter import Meter
from harness.provision.pause import ProcessorClocks, paused, resumed

WARM_UP_S = 0.25
SHORTEST_S = 0.1
LATENCIES = 3.5  # that a slice lasts at least, so that its edges are a small part of it
SETTLED = 1.5  # latencies after which a target has as many requests under way as in the long run
LEAST_TURNS = 2  # there and back
PACES = 5  # that a slice lasts at least, where clients have a pace


@dataclass(kw_only=True)
class _Side:
    """One target's side of the cell: its trial and what it leaves."""

    trial: Trial
    clocks: ProcessorClocks
    slices: list[Slice] = field(default_factory=list)
    median_s: float = 0.0
    faults: list[FaultWindow] = field(default_factory=list)


def run_sliced(trials: Sequence[Trial], block: Block) -> list[TrialRecord]:
    """Run the trials of one cell, one of each target, by turns from end to end, and store their evidence.

    Raises:
        HarnessError: A part died, or a record is not whole. What was recorded so far is on disk.
    """
    testbeds = [block.testbeds[trial.target] for trial in trials]
    with ExitStack() as stack:
        sides = []
        for trial, testbed in zip(trials, testbeds, strict=True):
            route = block.routes[trial.target if testbed.link else "direct"]
            side = _Side(trial=trial, clocks=ProcessorClocks(children_of(block, trial)))
            stack.enter_context(added_latency(testbed, trial.added_ms, route.round_trip_s, side.faults))
            sides.append(side)
        named = {"direct", "clean", *(trial.target for trial in trials)}
        meter = stack.enter_context(Meter({name: route for name, route in block.routes.items() if name in named}))
        accounts = [Account(testbed.running) for testbed in testbeds]
        with (
            block.generator.interleaved([order_of(trial, block) for trial in trials]) as load,
            paused([testbed.running.child for testbed in block.testbeds.values()]),
        ):
            _take_turns(sides, block, load)
        told = [account.samples(recorded) for account, recorded in zip(accounts, load.recorded, strict=True)]
    return [_stored(side, block, [*meter.samples(), *own]) for side, own in zip(sides, told, strict=True)]


def _take_turns(sides: Sequence[_Side], block: Block, load: InterleavedLoad) -> None:
    """Load each side for as long as its latency isn't known yet, and then by turns for as long as the profile says.

    A round is a slice of each side, the unit of which statistics are made; every second one runs backwards.
    """
    profile = block.run.plan.profile
    pace_s = block.run.scenario(sides[0].trial.scenario).shape.pace_s or 0.0
    for number, side in enumerate(sides):
        row = side.trial.target, side.trial.scenario, side.trial.added_ms
        if row not in block.medians_s:
            block.medians_s[row] = _warmed_up(side, number, block, load)
        side.median_s = block.medians_s[row]
    longest_s = max(side.median_s for side in sides)
    slice_s = max(SHORTEST_S + SETTLED * longest_s, LATENCIES * longest_s, PACES * pace_s)
    counted_s = slice_s - SETTLED * longest_s
    random = Random(sides[0].trial.seed)  # noqa: S311 - an order to be repeated, no secret
    for _ in range(max(LEAST_TURNS, ceil(profile.measure_s / (2 * counted_s)))):
        for number in there_and_back(range(len(sides)), random):
            _put_on(sides[number], number, slice_s, block, load)


def _warmed_up(side: _Side, number: int, block: Block, load: InterleavedLoad) -> float:
    """Load one side off the record, and return how long half of its requests took at most, in seconds."""
    with resumed(block.testbeds[side.trial.target].running.child):
        return load.put_on(SliceOrder(load=number, seconds=WARM_UP_S, spread_s=0.0)).median_s


def _put_on(side: _Side, number: int, seconds: float, block: Block, load: InterleavedLoad) -> None:
    with resumed(block.testbeds[side.trial.target].running.child):
        before = side.clocks.read()
        loaded = load.put_on(SliceOrder(load=number, seconds=seconds, spread_s=side.median_s))
        after = side.clocks.read()
    side.slices.append(
        Slice(
            start_ns=loaded.start_ns,
            counted_ns=loaded.start_ns + round(SETTLED * side.median_s * 1e9),
            stop_ns=loaded.stop_ns,
            drained_ns=loaded.drained_ns,
            processor_s={part: after[part] - before[part] for part in after},
        )
    )


def _stored(side: _Side, block: Block, samples: Sequence[Sample]) -> TrialRecord:
    run = block.run
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
