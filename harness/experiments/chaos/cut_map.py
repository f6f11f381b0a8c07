"""The cut map: one write after another, cut at every byte of its conversation with PostgreSQL.

A lane cuts one request, looks at the answer, and asks until the target serves again. Each cut finds the
connection in the same state: opened by that next request, and used for nothing else, so that a write says the
same bytes every time. Rows are counted at the end, when every transaction has ended, directly in PostgreSQL.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from typing import TypeAlias

from harness.experiments.base import Run
from harness.experiments.chaos.cut import CutPlace, cut_once, places, with_rows
from harness.experiments.chaos.lane import Lane, open_lane
from harness.load.single_client import seeds_apart
from harness.model.cut_map import Conversation, Cut, CutMap
from harness.model.plan import Target
from harness.model.workload import WITH_RETRY_KEY
from harness.provision.database import restart_ids, seed
from harness.provision.target import wait_until_serving

LANES = 6  # a target, on average: with fewer, cores were idle while the lanes waited for answers and for holds
FIRST_ID = 1_000_000
Queues: TypeAlias = "Mapping[str, queue.SimpleQueue[CutPlace]]"


def map_cuts(run: Run, targets: Sequence[Target], operations: Sequence[str], stride: int = 1) -> CutMap:
    """Cut every operation on every target all along, both ways, and at every message's end in other ways.

    With a ``stride`` of several bytes it is a sample, which proves no pass.

    Raises:
        HarnessError: There is no Toxiproxy, or a lane's conversation is not the same twice.
    """
    url, database = run.services.postgres.url, run.workload.database
    seed(url, database)
    restart_ids(url, database, FIRST_ID)
    seeds = enumerate(seeds_apart(run.workload, [one.removesuffix(WITH_RETRY_KEY) for one in operations]))
    with ExitStack() as stack:
        lanes = _open_lanes(run, targets, seeds, stack)
        for lane in lanes:
            for operation in operations:
                lane.capture(operation)
        conversations = tuple(
            conversation for lane in lanes for operation in operations for conversation in lane.converse(operation)
        )
        shares = share_lanes([target.name for target in targets], conversations)
        if database.key_column:  # rows without a key are counted one write at a time
            more = (target for target in targets for _ in range(shares[target.name] - 1))
            lanes += _open_lanes(run, more, seeds, stack)
        todo = _todo(conversations, stride)
        run.progress.began(f"cuts of {' and '.join(todo)}", sum(one.qsize() for one in todo.values()))
        began_s = time.monotonic()
        cuts = _run_lanes(run, lanes, todo, conversations)
        duration_s = time.monotonic() - began_s
    counted = with_rows(cuts, [lane.prefix for lane in lanes], run.services)
    return CutMap(conversations=conversations, cuts=counted, duration_s=duration_s)


def _open_lanes(run: Run, targets: Iterable[Target], seeds: Iterator[tuple[int, int]], stack: ExitStack) -> list[Lane]:
    lanes = [
        stack.enter_context(open_lane(run, target, number, own_seed))
        for target, (number, own_seed) in zip(targets, seeds, strict=False)
    ]
    for lane in lanes:
        wait_until_serving(lane.testbed.running)
        lane.testbed.running.require_operations(run.workload)
    return lanes


def share_lanes(targets: Sequence[str], conversations: Sequence[Conversation]) -> dict[str, int]:
    """Share ``LANES`` for each target out by how many messages each one's writes exchange, and at least one to each.

    What a cut costs grows with the messages, and so does the number of holds: thus all targets' cuts end together,
    and to the last there is work for every core.
    """
    messages = {name: sum(len(one.messages) for one in conversations if one.target == name) for name in targets}
    lanes, total = LANES * len(targets), sum(messages.values())
    return {name: max(1, round(lanes * count / total)) for name, count in messages.items()}


def _todo(conversations: Sequence[Conversation], stride: int) -> Queues:
    """Queue up each target's cuts."""
    todo: Queues = defaultdict(queue.SimpleQueue)
    for target in dict.fromkeys(one.target for one in conversations):
        for place in places([one for one in conversations if one.target == target], stride):
            todo[target].put(place)
    return todo


def _run_lanes(run: Run, lanes: Sequence[Lane], todo: Queues, conversations: Sequence[Conversation]) -> list[Cut]:
    """Let each lane cut at places of its target until there are none; the first error ends all of them."""
    by_name = {(one.target, one.operation, one.direction): one for one in conversations}
    cuts: list[Cut] = []
    alone = nullcontext() if run.workload.database.key_column else threading.Lock()
    errors: list[BaseException] = []

    def work(lane: Lane) -> None:
        cached: set[str] = set()
        try:
            while not errors:
                try:
                    place = todo[lane.target].get_nowait()
                except queue.Empty:
                    return
                if place.operation not in cached:  # by SQLAlchemy, which compiles a statement once a process
                    lane.capture(place.operation)
                    lane.reconnect()
                    cached.add(place.operation)
                with alone:
                    cut = cut_once(lane, place, by_name[lane.target, place.operation, place.direction])
                cuts.append(cut)
                run.progress.step()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            errors.append(error)

    threads = [threading.Thread(target=work, args=(lane,), name="lane", daemon=True) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return cuts
