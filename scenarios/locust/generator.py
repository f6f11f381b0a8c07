"""The load generator: Locust in a process of its own that runs one trial's load after another.

It reads orders, one a line (JSON), from standard input and answers with events, one a line. A single load:
``measuring`` and ``draining`` at the ends of the measured window, and ``done`` with the number of records; one without
a length goes on until the next line, "stop". Interleaved loads: ``turn`` for each ``Turn`` that follows, and ``done``
after "stop". Or ``failed`` with the reason, after which it ends. It stays up between trials because importing
Locust takes longer than a short trial lasts.
"""

import gc
import itertools
import json
import logging
import sys
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import gevent
import gevent.select
from locust.env import Environment
from locust.runners import LocalRunner
from pydantic import TypeAdapter

from harness.model.plan import Interleaved, Order, Turn
from harness.workload.find import load_workload
from scenarios.locust.load import Load
from scenarios.locust.recorder import Recorder
from scenarios.locust.user import ApiUser

# Requests in flight when the window ends are waited for: their outcome is part of the record.
DRAIN_TIMEOUT_S = 15
TURN = TypeAdapter(Turn)
# unbuffered: a line that had been read together with the one before would not wake whoever waits for it
ORDERS = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115 - a descriptor, for as long as we live


def tell(event: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
    """Report one event to the harness."""
    print(json.dumps({"event": event, **facts}), flush=True)  # noqa: T201 - the protocol


class Clients:
    """The clients of one or more loads, from their start to the end of their records."""

    def __init__(
        self, environment: Environment, runner: LocalRunner, orders: Sequence[Order], *, catches_up: bool
    ) -> None:
        self._runner = runner
        self._recorders = [Recorder(order.ops) if order.ops else None for order in orders]
        self.loads = [
            Load(
                order=order,
                workload=load_workload(order.workload),
                recorder=recorder,
                catches_up=catches_up,
            )
            for order, recorder in zip(orders, self._recorders, strict=True)
        ]
        environment.host = orders[0].host
        environment.loads = itertools.cycle(self.loads)  # type: ignore[attr-defined]  # read by ApiUser
        clients = sum(order.shape.clients for order in orders)
        runner.start(clients, spawn_rate=clients)

    def end(self) -> None:
        """Wait for the last requests, end the clients and tell the number of records.

        Raises:
            RuntimeError: A client failed.
        """
        for load in self.loads:
            load.close()
        self._runner.stop()
        if self._runner.exceptions:
            error = next(iter(self._runner.exceptions.values()))
            raise RuntimeError(f"a client failed: {error['msg']}\n{error['traceback']}")
        tell("done", recorded=[recorder.close() if recorder else 0 for recorder in self._recorders])


def run(clients: Clients, order: Order) -> None:
    """Put one trial's load on its target."""
    clients.loads[0].begin()
    gevent.sleep(order.warmup_s)
    tell("measuring", t_ns=time.monotonic_ns())
    if order.measure_s is None:
        _next_line()
    else:
        gevent.sleep(order.measure_s)
    tell("draining", t_ns=clients.loads[0].end())
    clients.end()


def interleave(clients: Clients) -> None:
    """Begin and end one load or another, each with its last answer, until told to stop."""
    while (line := _next_line()).strip() not in {b"stop", b""}:
        turn = TURN.validate_json(line)
        load = clients.loads[turn.load]
        if turn.begins:
            tell("turn", t_ns=load.begin(turn.spread_s))
        else:
            stop_ns = load.end()
            load.drain(DRAIN_TIMEOUT_S)
            tell("turn", t_ns=stop_ns, median_s=median(load.took_ns or [0]) / 1e9)
    clients.end()


def _next_line() -> bytes:
    gevent.select.select([ORDERS], [], [])  # so that records are written meanwhile
    return ORDERS.readline()


def main() -> int:
    """Run orders until there are no more."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    environment = Environment(user_classes=[ApiUser], stop_timeout=DRAIN_TIMEOUT_S)
    runner = environment.create_local_runner()
    # a full collection would look through all of Locust, and have every client wait for some 50 ms
    gc.collect()
    gc.freeze()
    tell("ready")
    while line := _next_line():
        try:
            order = TypeAdapter[Order | Interleaved](Order | Interleaved).validate_json(line)
            if isinstance(order, Order):
                run(Clients(environment, runner, [order], catches_up=False), order)
            else:
                # a slice is short: who is late at its end is so by what the machine did more often than the target
                interleave(Clients(environment, runner, order.orders, catches_up=True))
        except Exception as error:
            logging.getLogger(__name__).exception("the load generator failed")
            tell("failed", reason=f"{type(error).__name__}: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
