"""The load generator: Locust in a process of its own that runs one trial's load after another.

It reads one order a line (JSON) from standard input and answers with events, one a line: ``measuring`` and ``draining``
at the ends of the measured window, and ``done`` with the number of records; or ``failed`` with the reason, after which
it ends. An order without a length goes on until the next line, "stop". It stays up between trials because importing
Locust takes longer than a short trial lasts.
"""

import json
import logging
import sys
import time
from typing import Any

import gevent
import gevent.select
from locust.env import Environment
from locust.runners import LocalRunner
from pydantic import TypeAdapter

from harness.model.plan import Order
from harness.workload.find import load_workload
from scenarios.locust.recorder import Recorder
from scenarios.locust.user import ApiUser, Load

# Requests in flight when the window ends are waited for: their outcome is part of the record.
DRAIN_TIMEOUT_S = 15


def tell(event: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
    """Report one event to the harness."""
    print(json.dumps({"event": event, "t_ns": time.monotonic_ns(), **facts}), flush=True)  # noqa: T201 - the protocol


def run(environment: Environment, runner: LocalRunner, order: Order) -> None:
    """Put one trial's load on its target."""
    recorder = Recorder(order.ops) if order.ops else None
    load = Load(order=order, workload=load_workload(order.workload), recorder=recorder)
    environment.host = order.host
    environment.load = load  # type: ignore[attr-defined]  # read by ApiUser
    runner.start(order.shape.clients, spawn_rate=order.shape.clients)
    gevent.sleep(order.warmup_s)
    tell("measuring")
    if order.measure_s is None:
        gevent.select.select([sys.stdin], [], [])
        sys.stdin.readline()
    else:
        gevent.sleep(order.measure_s)
    load.stop_ns = time.monotonic_ns()
    tell("draining")
    runner.stop()
    if runner.exceptions:
        error = next(iter(runner.exceptions.values()))
        raise RuntimeError(f"a client failed: {error['msg']}\n{error['traceback']}")
    tell("done", recorded=recorder.close() if recorder else 0)


def main() -> int:
    """Run orders until there are no more."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    environment = Environment(user_classes=[ApiUser], stop_timeout=DRAIN_TIMEOUT_S)
    runner = environment.create_local_runner()
    tell("ready")
    for line in sys.stdin:
        try:
            run(environment, runner, TypeAdapter(Order).validate_json(line))
        except Exception as error:
            logging.getLogger(__name__).exception("the load generator failed")
            tell("failed", reason=f"{type(error).__name__}: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
