"""A run that tells what the probes cost, from end to end. ``run.conclude`` judges and draws it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from harness.experiments.interleaved import Cores, take_turns
from harness.model.evidence import SliceReading
from harness.model.plan import Plan, Profile, Target
from harness.model.summary import Setting
from harness.model.workload import Workload
from harness.provision.database import seed
from harness.provision.testbed import provisioned
from harness.run import Progress, record_of, run_name
from harness.store import Store

# What is left by a single probe is 0.978 and more, by all of them 0.973 and more, and blocks differed by 0.005 to 0.014
# (standard deviation). So all of that is likely to be told from 0.97 by 18 blocks of the one and 54 of the other; with
# ten and 40 one or two of the twenty were left undecided.
PROBING_BLOCKS, TIMES_ALL = 18, 3
NOT_APART = "No target had a core to itself, so where the system put it may count as a cost of probes"
# Of turns, for each pair of targets and each kind of request in each block. With four seconds, blocks differed by 0.007
# to 0.011 (standard deviation), most of it noise within them. With six, intervals of 16 blocks reached 0.003 to 0.008.
PROBING_S = 6.0


@dataclass(frozen=True, kw_only=True)
class ProbingRequest:
    """What somebody asked for: pairs of a target without probes and the same with some, and what to ask for, by name.

    A pair that comes several times takes turns as often in each block, with fresh processes each time.
    """

    targets: Mapping[str, Target]
    pairs: tuple[tuple[str, str], ...]
    paths: Mapping[str, Sequence[str]]
    blocks: int
    seconds: float
    settings: tuple[Setting, ...]
    workload: Workload
    seed: int
    out: Path
    command: str
    postgres_url: str | None


def run_probing(request: ProbingRequest, progress: Progress, opened: Callable[[Store], None]) -> None:
    """Hold every pair against each other in every block, in a seeded order, and store what each round took.

    Args:
        request: What to run.
        progress: Told how it comes along.
        opened: Called with the store as soon as there is one.

    Raises:
        HarnessError: The run could not be made, or not to its end.
    """
    begun_s = time.monotonic()
    store = Store.create(request.out, run_name())
    with (
        store.kept_if_begun(),
        Cores() as cores,
        provisioned(
            workload=request.workload,
            postgres_url=request.postgres_url,
            toxiproxy_url=None,
            log=store.log,
            say=progress.say,
        ) as parts,
    ):
        plan = _plan(request)
        not_done = () if cores.apart else (NOT_APART,)
        store.write_record(
            record_of(store.folder.name, request, plan, parts, not_done, scenarios=(), kind="probe_overhead")
        )
        opened(store)
        seed(parts.postgres.url, parts.workload.database)
        progress.began("turns", request.blocks * len(request.pairs) * len(request.paths))
        readings: list[SliceReading] = []
        for time_of_pair, plain, probed in in_order(request.pairs, request.blocks, request.seed):
            pair = request.targets[plain], request.targets[probed]
            readings += take_turns(
                time_of_pair, *pair, request.paths, request.seconds, parts, cores, store, progress.step
            )
            store.write_turns(readings)
    store.finish(time.monotonic() - begun_s)


def in_order(pairs: Sequence[tuple[str, str]], blocks: int, seed_of_run: int) -> Iterator[tuple[int, str, str]]:
    """Say which pair comes when, and for which time: in each block all of them, in an order drawn anew."""
    times: Counter[tuple[str, str]] = Counter()
    for block in range(1, blocks + 1):
        order = Random(f"{seed_of_run}/{block}")  # noqa: S311 - an order to be repeated, no secret
        for pair in order.sample(pairs, len(pairs)):
            times[pair] += 1
            yield times[pair], *pair


def _plan(request: ProbingRequest) -> Plan:
    profile = Profile(
        name="probes",
        scenarios=tuple(request.paths),
        added_ms=(0,),
        blocks=request.blocks,
        warmup_s=0.0,
        measure_s=request.seconds,
    )
    return Plan(profile=profile, targets=tuple(request.targets), trials=(), seed=request.seed)
