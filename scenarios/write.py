"""A user, two posts and an audit row in one transaction."""

from harness.model.plan import Scenario, Shape

SCENARIO = Scenario(
    name="write",
    question="Four rows in one transaction: which twin commits more?",
    mix={"create_user": 1},
    shape=Shape(clients=16),
    checks=("completeness", "duplicate_requests", "success_rate", "added_latency", "writes"),
    called="four-row writes",
)
