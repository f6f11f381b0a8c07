"""The cut map: one write after another, cut at every byte of its conversation with PostgreSQL.

Each lane is a target process of its own with one connection, which leads through Toxiproxy to a relay
and on to PostgreSQL:

    client → target → Toxiproxy (limit_data) → relay → PostgreSQL

A lane cuts one request, looks at the answer, and asks until the target serves again. Each cut finds the
connection in the same state: opened by that next request, and used for nothing else, so that a write says the
same bytes every time. Rows are counted at the end, when every transaction has ended, directly in PostgreSQL.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace

from harness.errors import HarnessError
from harness.experiments.chaos.rows import counter, with_rows
from harness.load.client import Answer, Client, seeds_apart
from harness.model.cut_map import Conversation, Cut, CutMap, CutWay, Direction
from harness.model.outcome import Outcome
from harness.model.plan import Target
from harness.provision.database import restart_ids, seed
from harness.provision.messages import read_messages
from harness.provision.postgres import url_through
from harness.provision.relay import Capture, Cutoff, Relay, relaying
from harness.provision.target import RunningTarget, target_process, wait_until_serving
from harness.provision.testbed import Parts
from harness.provision.toxiproxy import Link
from harness.store import Store

LANES = 6  # a target, on average: with fewer, cores were idle while the lanes waited for answers and for holds
DEADLINE_S = 15.0
HOLD_S = 2.0
TRIES = 4
CAPTURES = 3
CAPTURE_S = 0.1
FIRST_ID = 1_000_000
FIRST_KEY_PREFIX = 0xF000_0000  # beyond any trial's
WITNESS_PATIENCE_S = 1.0
TOXIC = "cut"
STREAMS = {Direction.UP: "upstream", Direction.DOWN: "downstream"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where to cut, and how."""

    operation: str
    direction: Direction
    offset: int
    way: CutWay


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One target process with one connection, and all that stands along it."""

    target: Target
    running: RunningTarget
    link: Link
    relay: Relay
    client: Client
    parts: Parts
    keys: Iterator[int]
    prefix: str
    seed: int

    def key(self) -> str:
        """Name the next write."""
        return f"{self.prefix}{next(self.keys):024x}"

    def send(self, operation: str, key: str) -> Answer:
        """Send one write about this lane's own rows, or the cheapest request without a key."""
        request = self.parts.workload.request(operation, self.seed, key)
        return self.client.send(request)

    @property
    def health(self) -> str:
        """Return the cheapest request that needs the database."""
        return self.parts.workload.health


def map_cuts(  # noqa: PLR0913, PLR0917 - what to cut, where to, and whom to tell
    parts: Parts,
    targets: Sequence[Target],
    operations: Sequence[str],
    store: Store,
    done: Callable[[], None],
    planned: Callable[[int], None],
    stride: int = 1,
) -> CutMap:
    """Cut every operation on every target at every byte, both ways, and at every message's end in other ways.

    Args:
        parts: What the run has; Toxiproxy is needed.
        targets: What to cut.
        operations: Writes of the workload.
        store: Where logs go.
        done: Called after each cut.
        planned: Called once, with the number of cuts to come.
        stride: Cut at every byte, or take a sample, which proves no pass.

    Raises:
        HarnessError: There is no Toxiproxy, or a lane's conversation is not the same twice.
    """
    seed(parts.postgres.url, parts.workload.database)
    restart_ids(parts.postgres.url, parts.workload.database, FIRST_ID)
    with ExitStack() as stack:
        numbered = enumerate(seeds_apart(parts.workload, operations))

        def opened(owners: Iterable[Target]) -> list[Lane]:
            lanes = [
                stack.enter_context(_lane(parts, target, number, seed_of_lane, store))
                for target, (number, seed_of_lane) in zip(owners, numbered, strict=False)
            ]
            for lane in lanes:
                wait_until_serving(lane.running)
            return lanes

        lanes = opened(targets)
        for lane in lanes:
            for operation in operations:
                _capture(lane, operation)
        conversations = tuple(
            conversation for lane in lanes for operation in operations for conversation in _converse(lane, operation)
        )
        shares = share_lanes([target.name for target in targets], conversations)
        if parts.workload.database.key_column:  # rows without a key are counted one write at a time
            lanes += opened(target for target in targets for _ in range(shares[target.name] - 1))
        todo: dict[str, queue.SimpleQueue[Place]] = {target.name: queue.SimpleQueue() for target in targets}
        for target in targets:
            for place in _places([c for c in conversations if c.target == target.name], stride):
                todo[target.name].put(place)
        planned(sum(places.qsize() for places in todo.values()))
        began_s = time.monotonic()
        cuts = _run_lanes(lanes, todo, {(c.target, c.operation, c.direction): c for c in conversations}, done)
        duration_s = time.monotonic() - began_s
    return CutMap(
        conversations=conversations, cuts=with_rows(cuts, [lane.prefix for lane in lanes], parts), duration_s=duration_s
    )


def share_lanes(targets: Sequence[str], conversations: Sequence[Conversation]) -> dict[str, int]:
    """Share ``LANES`` for each target out by how many messages each one's writes exchange, and at least one to each.

    What a cut costs grows with the messages, and so does the number of holds: thus all targets' cuts end together,
    and to the last there is work for every core.
    """
    messages = {name: sum(len(one.messages) for one in conversations if one.target == name) for name in targets}
    lanes, total = LANES * len(targets), sum(messages.values())
    return {name: max(1, round(lanes * count / total)) for name, count in messages.items()}


@contextmanager
def _lane(parts: Parts, target: Target, number: int, seed_of_lane: int, store: Store) -> Iterator[Lane]:
    if parts.toxiproxy is None:
        raise HarnessError(f"There is nothing to cut with: {parts.without_toxiproxy}", "Run 'twinbench doctor'")
    with ExitStack() as stack:
        relay = stack.enter_context(relaying(parts.postgres.address))
        link = stack.enter_context(parts.toxiproxy.link(f"cut-{number}", ("127.0.0.1", relay.port)))
        single = replace(target, pool=1)
        url = url_through(parts.postgres.url, link.port)
        running = stack.enter_context(
            target_process(parts.workload, single, url, store.log(f"cut-{target.name}-{number}"))
        )
        yield Lane(
            target=target,
            running=running,
            link=link,
            relay=relay,
            client=stack.enter_context(Client(running.url, DEADLINE_S)),
            parts=parts,
            keys=itertools.count(),
            prefix=f"{FIRST_KEY_PREFIX + number:08x}",
            seed=seed_of_lane,
        )


def _converse(lane: Lane, operation: str) -> Iterable[Conversation]:
    """Hear what one write says on a connection that was just opened, and that it says as much every time."""
    captured = []
    for _ in range(CAPTURES):
        _reconnect(lane)
        captured.append(_capture(lane, operation))
    if len({len(one.up) for one in captured}) > 1:
        lengths = ", ".join(str(len(one.up)) for one in captured)
        raise HarnessError(
            f"{operation} to {lane.target.name} is not the same number of bytes every time: {lengths}",
            "Let it write values of one width",
        )
    for direction in Direction:
        # a timestamp's trailing zeros are not sent, so the longest answer is the one to cut all along
        longest = max((bytes(one.by(direction)) for one in captured), key=len)
        yield Conversation(
            target=lane.target.name,
            operation=operation,
            direction=direction,
            messages=read_messages(longest, direction),
        )


def _capture(lane: Lane, operation: str) -> Capture:
    captured = lane.relay.capture()
    answer = lane.send(operation, lane.key())
    time.sleep(CAPTURE_S)  # a target may go on writing after it has answered
    lane.relay.stop_capture()
    if answer.outcome is not Outcome.OK:
        raise HarnessError(
            f"{lane.target.name} answered {answer.status or answer.error} to {operation} before anything was cut",
            f"Read {lane.running.child.log}",
        )
    return captured


def _reconnect(lane: Lane) -> None:
    """Bring the lane's connection into the state in which each cut finds it."""
    with _limited(lane, Direction.UP, 0):
        lane.send(lane.health, "")
    _recover(lane, lane.health)


@contextmanager
def _limited(lane: Lane, direction: Direction, offset: int) -> Iterator[None]:
    """Let so many bytes pass from now on, and end the connection then."""
    lane.link.add_toxic(TOXIC, "limit_data", STREAMS[direction], bytes=offset)
    try:
        yield
    finally:
        lane.link.remove_toxic(TOXIC)


def _places(conversations: Sequence[Conversation], stride: int) -> Iterator[Place]:
    """Every byte by Toxiproxy; and by the relay at each message's end.

    The holds, in which a lane only waits, are spread over the others, so that other lanes have work meanwhile. A
    sample leaves them out, and cuts at each ``stride``-th byte and all along COMMIT and its answer.
    """
    ends = [(conversation, message.end) for conversation in conversations for message in conversation.messages]
    quick = [_place(conversation, end, way) for way in (CutWay.FIN, CutWay.RST) for conversation, end in ends]
    for conversation in conversations:
        last = range(conversation.messages[-2].start, conversation.length_bytes + 1)
        offsets = sorted({*range(0, conversation.length_bytes + 1, stride), *last})
        quick += [_place(conversation, offset, CutWay.LIMIT) for offset in offsets]
    holds = [] if stride > 1 else [_place(conversation, end, CutWay.HOLD) for conversation, end in ends]
    apart = len(quick) // (len(holds) + 1)
    for number, place in enumerate(quick):
        if holds and number % apart == 0:
            yield holds.pop()
        yield place
    yield from holds


def _place(conversation: Conversation, offset: int, way: CutWay) -> Place:
    return Place(operation=conversation.operation, direction=conversation.direction, offset=offset, way=way)


def _run_lanes(
    lanes: Sequence[Lane],
    todo: dict[str, queue.SimpleQueue[Place]],
    conversations: dict[tuple[str, str, Direction], Conversation],
    done: Callable[[], None],
) -> list[Cut]:
    """Let each lane take places of its target until there are none; the first error ends all of them."""
    cuts: list[Cut] = []
    alone = nullcontext() if lanes[0].parts.workload.database.key_column else threading.Lock()
    errors: list[BaseException] = []

    def work(lane: Lane) -> None:
        cached: set[str] = set()
        try:
            while not errors:
                try:
                    place = todo[lane.target.name].get_nowait()
                except queue.Empty:
                    return
                if place.operation not in cached:  # by SQLAlchemy, which compiles a statement once a process
                    _capture(lane, place.operation)
                    _reconnect(lane)
                    cached.add(place.operation)
                with alone:
                    cut = _cut_once(lane, place, conversations[lane.target.name, place.operation, place.direction])
                cuts.append(cut)
                done()
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


def _cut_once(lane: Lane, place: Place, conversation: Conversation) -> Cut:
    """Cut, and do so again where the answer was shorter this time, and ended before it could be cut."""
    for _ in range(TRIES):
        cut = _cut(lane, place, conversation)
        if cut.bit or cut.outcome is not Outcome.OK or cut.passed_bytes >= place.offset:
            break
    return cut


def _cut(lane: Lane, place: Place, conversation: Conversation) -> Cut:
    """Cut one write, see what its client is told, and bring the lane back to where it was."""
    key = lane.key()
    count = counter(lane.parts)
    if place.way is CutWay.LIMIT:
        captured = lane.relay.capture()
        with _limited(lane, place.direction, place.offset):
            answer = lane.send(place.operation, key)
            bit = _bit(lane, captured, place)  # a target may go on writing after it has answered
    else:
        cutoff = Cutoff(direction=place.direction, offset=place.offset, way=place.way, hold_s=HOLD_S)
        captured = lane.relay.capture(cutoff)
        answer = lane.send(place.operation, key)
        bit = _bit(lane, captured, place)
    passed = bytes(captured.by(place.direction))
    lane.relay.stop_capture()
    rows = count()
    # every byte is followed by the cheapest request, and every message's end by another write
    tries, status = _recover(lane, lane.health if place.way is CutWay.LIMIT else place.operation)
    if place.way is not CutWay.LIMIT:
        _reconnect(lane)
    return Cut(
        target=lane.target.name,
        operation=place.operation,
        direction=place.direction,
        way=place.way,
        offset=place.offset,
        key=key,
        outcome=answer.outcome,
        status=answer.status,
        error=answer.error,
        passed_bytes=len(passed),
        message=_message_at(place, passed, conversation),
        bit=bit,
        took_s=answer.took_s,
        recovered_after=tries,
        next_status=status,
        rows=rows,
        owed=lane.parts.workload.effects.owed(place.operation),
        asked=answer.asked,
    )


def _bit(lane: Lane, captured: Capture, place: Place) -> bool:
    """Whether the relay saw the connection end, or in a hold that it held; the end may come a moment later."""
    if place.way is not CutWay.LIMIT and not lane.relay.tripped:
        return False
    if place.way is CutWay.HOLD:
        return True
    deadline = time.monotonic() + WITNESS_PATIENCE_S
    while not captured.ended and time.monotonic() < deadline:
        time.sleep(0.0005)
    return captured.ended


def _recover(lane: Lane, operation: str) -> tuple[int, int]:
    """Ask until a request is answered well; return how many that took, 0 if none was, and the first status."""
    statuses: list[int] = []
    for number in range(1, TRIES + 1):
        answer = lane.send(operation, "" if operation == lane.health else lane.key())
        statuses.append(answer.status)
        if answer.outcome is Outcome.OK:
            return number, statuses[0]
    return 0, statuses[0]


def _message_at(place: Place, passed: bytes, conversation: Conversation) -> str:
    """Name the message that the first byte held back belongs to.

    Downwards the relay has captured all that PostgreSQL said this time; upwards only what passed, so the
    rest is read off the conversation, which is the same every time.
    """
    if place.direction is Direction.DOWN and len(passed) > place.offset:
        messages = read_messages(passed, Direction.DOWN)
    else:
        messages = conversation.messages
    for message in messages:
        if message.start <= place.offset < message.end:
            return f"{message.name} {message.says}".strip()
    return "the end"
