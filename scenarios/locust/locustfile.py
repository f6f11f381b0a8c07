"""For Locust's own command line and page: the users of a scenario, without our recorder.

``TWINBENCH_SCENARIO`` names the scenario. The users and posts that reads ask for must be in the database.
"""

from __future__ import annotations

import os
import secrets
from typing import Any

from locust import events
from locust.env import Environment

from scenarios.catalog import SCENARIOS
from scenarios.locust.user import ApiUser, Order

__all__ = ["ApiUser"]


@events.init.add_listener  # type: ignore[untyped-decorator]  # Locust types it so
def give_order(environment: Environment, **_facts: Any) -> None:  # noqa: ANN401 - Locust passes what it likes
    """Hand the scenario's order to the users."""
    name = os.environ.get("TWINBENCH_SCENARIO", "mixed")
    if name not in SCENARIOS:
        raise SystemExit(f"TWINBENCH_SCENARIO is {name!r}. Choose of {', '.join(sorted(SCENARIOS))}.")
    scenario = SCENARIOS[name]
    environment.order = Order(  # type: ignore[attr-defined]  # read by ApiUser
        mix=scenario.mix,
        retries=False,
        pace_s=scenario.shape.pace_s,
        seed=secrets.randbits(32),
        key_prefix=secrets.token_hex(4),
        recorder=None,
    )
