"""Pages of any length: the number of statements must not follow the number of rows."""

from harness.model.plan import Scenario, Shape

SCENARIO = Scenario(
    name="pages",
    question="One to twenty users or posts: which twin serves more pages?",
    mix={"list_some_users": 1, "list_some_posts": 1},
    shape=Shape(clients=16),
    checks=("completeness", "duplicate_requests", "success_rate", "added_latency"),
)
