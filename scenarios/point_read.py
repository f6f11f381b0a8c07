"""One row by primary key: the smallest request that needs the database."""

from harness.model.plan import Scenario, Shape

SCENARIO = Scenario(
    name="point-read",
    question="One row by primary key: which twin serves more?",
    mix={"get_user": 1},
    # fewer clients than connections, so that the execution model is compared and not the pool's queue
    shape=Shape(clients=16),
    checks=("completeness", "duplicate_requests", "success_rate", "added_latency"),
    called="point reads",
)
