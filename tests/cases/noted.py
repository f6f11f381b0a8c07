"""Rows that note who was on a page, as several cases write them."""

from collections.abc import Iterable

from targets.shared.models import User

NOBODY = "0" * 32  # the key of no write that a client sends


def noted(users: Iterable[User]) -> list[dict[str, object]]:
    """Return a row of ``audit_log`` for each user."""
    return [{"action": "seen", "user_id": user.id, "write_key": NOBODY} for user in users]
