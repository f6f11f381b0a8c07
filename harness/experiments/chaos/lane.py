"""A lane: one target process with one connection to PostgreSQL, on which one write after another is sent and cut.

client → target → Toxiproxy (limit_data) → relay → PostgreSQL
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from harness.errors import HarnessError
from harness.experiments.base import Run
from harness.load.single_client import Answer, Client
from harness.model.cut_map import Conversation, Direction
from harness.model.plan import Target
from harness.model.request_record import Outcome
from harness.provision.messages import read_messages
from harness.provision.relay import Capture
from harness.provision.testbed import RelayedTestbed, open_relayed_testbed

DEADLINE_S = 15.0
TRIES = 4
CAPTURES = 3
CAPTURE_S = 0.1
FIRST_KEY_PREFIX = 0xF000_0000  # beyond any trial's
TOXIC = "cut"
STREAMS = {Direction.UP: "upstream", Direction.DOWN: "downstream"}


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A testbed with one client, whose writes go by keys under ``prefix`` and are about rows that ``seed`` chooses."""

    testbed: RelayedTestbed
    client: Client
    prefix: str
    seed: int
    keys: Iterator[int] = field(default_factory=itertools.count)

    @property
    def target(self) -> str:
        """The name of its target."""
        return self.testbed.running.target.name

    def key(self) -> str:
        """Name the next write."""
        return f"{self.prefix}{next(self.keys):024x}"

    def send(self, operation: str, key: str) -> Answer:
        """Send one write about this lane's own rows, or the cheapest request without a key."""
        return self.client.send(self.testbed.services.workload.request_to_cut(operation, self.seed, key))

    @property
    def health(self) -> str:
        """The cheapest request that needs the database."""
        return self.testbed.services.workload.health

    @contextmanager
    def limited(self, direction: Direction, offset: int) -> Iterator[None]:
        """Let so many bytes pass from now on, and end the connection then."""
        proxy = self.testbed.proxy
        proxy.add_toxic(TOXIC, "limit_data", STREAMS[direction], bytes=offset)
        try:
            yield
        finally:
            proxy.remove_toxic(TOXIC)

    def reconnect(self) -> None:
        """Bring the connection into the state in which each cut finds it."""
        with self.limited(Direction.UP, 0):
            self.send(self.health, "")
        self.recover(self.health)

    def recover(self, operation: str) -> tuple[int, int]:
        """Ask until a request is answered well; return how many that took, 0 if none was, and the first status."""
        statuses: list[int] = []
        for number in range(1, TRIES + 1):
            answer = self.send(operation, "" if operation == self.health else self.key())
            statuses.append(answer.status)
            if answer.outcome is Outcome.OK:
                return number, statuses[0]
        return 0, statuses[0]

    def capture(self, operation: str) -> Capture:
        """Send one write and return the bytes exchanged with PostgreSQL for it.

        Raises:
            HarnessError: It was not answered well.
        """
        captured = self.testbed.relay.capture()
        answer = self.send(operation, self.key())
        time.sleep(CAPTURE_S)  # a target may go on writing after it has answered
        self.testbed.relay.stop_capture()
        if answer.outcome is not Outcome.OK:
            raise HarnessError(
                f"{self.target} answered {answer.status or answer.error} to {operation} before anything was cut",
                f"Read {self.testbed.running.child.log}",
            )
        return captured

    def converse(self, operation: str) -> Iterator[Conversation]:
        """Yield what one write says on a connection that was just opened, if it says as much every time.

        Raises:
            HarnessError: It does not.
        """
        captured = []
        for _ in range(CAPTURES):
            self.reconnect()
            captured.append(self.capture(operation))
        lengths = [str(len(one.up)) for one in captured]
        if len(set(lengths)) > 1:
            raise HarnessError(
                f"{operation} to {self.target} is not the same number of bytes every time: {', '.join(lengths)}",
                "Let it write values of one width",
            )
        for direction in Direction:
            # a timestamp's trailing zeros are not sent, so the longest answer is the one to cut all along
            longest = max((bytes(one.by(direction)) for one in captured), key=len)
            messages = read_messages(longest, direction)
            yield Conversation(target=self.target, operation=operation, direction=direction, messages=messages)


@contextmanager
def open_lane(run: Run, target: Target, number: int, seed: int) -> Iterator[Lane]:
    """Start the lane with this number, whose writes are about rows that ``seed`` chooses."""
    log = run.store.log(f"cut-{target.name}-{number}")
    with (
        open_relayed_testbed(run.services, replace(target, pool=1), log) as testbed,
        Client(testbed.running.url, DEADLINE_S) as client,
    ):
        yield Lane(testbed=testbed, client=client, prefix=f"{FIRST_KEY_PREFIX + number:08x}", seed=seed)
