"""Every write endpoint at once, while one fault after another is injected; creates are sent again when in doubt."""

from harness.model.plan import Scenario, Shape

SCENARIO = Scenario(
    name="chaos",
    question="When something fails in the middle of a write: is the data whole, and was the client told the truth?",
    mix={"create_user": 4, "create_post": 3, "change_user": 2, "remove_user": 1, "transfer": 4, "get_credits": 1},
    shape=Shape(clients=12, retries=True),
    checks=("completeness", "confirmed", "writes", "invariants", "deadline", "recovery"),
)
