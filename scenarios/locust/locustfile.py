"""For Locust's own command line and page: the clients of a scenario, without our recorder.

``TWINBENCH_SCENARIO`` names the scenario, and ``TWINBENCH_WORKLOAD`` the workload, if it is not the one that ships.
What reads ask for must be in the database.
"""

import itertools
import os
import secrets
from typing import Any

from locust import events
from locust.env import Environment

from harness.model.plan import Order
from harness.workload.find import DEFAULT, load_workload
from scenarios.locust.load import Load
from scenarios.locust.user import ApiUser

__all__ = ["ApiUser"]


@events.init.add_listener  # type: ignore[untyped-decorator]  # Locust types it so
def give_order(environment: Environment, **_facts: Any) -> None:  # noqa: ANN401 - Locust passes what it likes
    """Hand the scenario's order to the clients."""
    workload = load_workload(os.environ.get("TWINBENCH_WORKLOAD", DEFAULT))
    scenarios = workload.questions.scenarios
    name = os.environ.get("TWINBENCH_SCENARIO", "mixed")
    if name not in scenarios:
        raise SystemExit(f"TWINBENCH_SCENARIO is {name!r}. Choose of {', '.join(sorted(scenarios))}.")
    order = Order(
        ops=None,
        host=(environment.host or "").rstrip("/"),
        workload=workload.name,
        mix=scenarios[name].mix,
        shape=scenarios[name].shape,
        warmup_s=0.0,
        measure_s=None,
        seed=secrets.randbits(32),
        key_prefix=secrets.token_hex(4),
    )
    load = Load(order=order, workload=workload, recorder=None)
    load.begin()  # and it ends when the page says so
    environment.loads = itertools.repeat(load)  # type: ignore[attr-defined]  # for ApiUser
