"""A page of users with their posts: more rows, more objects, more JSON."""

from harness.model.plan import Scenario, Shape

SCENARIO = Scenario(
    name="list-with-posts",
    question="Twenty users with their posts: which twin serves more pages?",
    mix={"list_users": 1},
    shape=Shape(clients=16),
    checks=("completeness", "duplicate_requests", "success_rate", "added_latency"),
    called="pages of users with posts",
)
