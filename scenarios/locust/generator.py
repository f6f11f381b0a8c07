"""The load generator: Locust in a process of its own that runs one trial's load after another.

It reads one order a line (JSON) from standard input and answers with events, one a line:
``measuring`` and ``draining`` at the ends of the measured window, and ``done`` with the number of
records; or ``failed`` with the reason, after which it ends. It stays up between trials because
importing Locust takes longer than a short trial lasts.
"""

from __future__ import annotations

import itertools
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment

from scenarios.locust.recorder import Recorder
from scenarios.locust.user import ApiUser, Order

# Requests in flight when the window ends are waited for: their outcome is part of the record.
DRAIN_TIMEOUT_S = 15


def tell(event: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
    """Tell the harness one thing."""
    print(json.dumps({"event": event, "t_ns": time.monotonic_ns(), **facts}), flush=True)  # noqa: T201 - the protocol


def run(environment: Environment, order: dict[str, Any]) -> None:
    """Put one trial's load on its target."""
    recorder = Recorder(Path(order["ops"]))
    numbers = itertools.count()
    environment.host = order["host"]
    environment.recorder = recorder
    environment.take_number = numbers.__next__
    environment.stop_ns = sys.maxsize
    environment.order = Order(
        mix=order["mix"],
        clients=order["clients"],
        pace_s=order["pace_s"],
        seed=order["seed"],
        key_prefix=order["key_prefix"],
    )
    runner = environment.runner
    runner.start(order["clients"], spawn_rate=order["clients"])
    gevent.sleep(order["warmup_s"])
    tell("measuring")
    gevent.sleep(order["measure_s"])
    environment.stop_ns = time.monotonic_ns()
    tell("draining")
    runner.stop()
    if runner.exceptions:
        error = next(iter(runner.exceptions.values()))
        raise RuntimeError(f"a user failed: {error['msg']}\n{error['traceback']}")
    tell("done", recorded=recorder.close())


def main() -> int:
    """Run orders until there are no more."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    environment = Environment(user_classes=[ApiUser], stop_timeout=DRAIN_TIMEOUT_S)
    environment.create_local_runner()
    tell("ready")
    for line in sys.stdin:
        try:
            run(environment, json.loads(line))
        except Exception as error:  # noqa: BLE001 - whatever it is, the harness is told and the run fails
            logging.getLogger(__name__).exception("the load generator failed")
            tell("failed", reason=f"{type(error).__name__}: {error}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
