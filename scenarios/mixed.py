"""Reads and writes at one fixed rate: how long a request waits when both twins carry the same load."""

from harness.model.plan import Scenario, Shape

SCENARIO = Scenario(
    name="mixed",
    question="At the same offered load of 80 requests a second: which twin answers sooner?",
    mix={"get_user": 7, "list_users": 2, "create_user": 1},
    # well below what either twin can serve, at every level: the open question is latency, not capacity
    shape=Shape(clients=16, pace_s=0.2),
    checks=("completeness", "duplicate_requests", "success_rate", "added_latency", "writes"),
    called="mixed requests",
)
