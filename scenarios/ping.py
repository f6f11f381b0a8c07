"""No database: the tuning check. Outside its band one twin is mistuned and no other figure means much."""

from harness.model.plan import Scenario, Shape

SCENARIO = Scenario(
    name="ping",
    question="What does each execution model cost before any database is involved?",
    mix={"ping": 1},
    shape=Shape(clients=16),
    checks=("completeness", "duplicate_requests", "success_rate"),
    reaches_database=False,
    called="pings",
)
