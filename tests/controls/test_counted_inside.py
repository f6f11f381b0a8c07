"""What a probe inside the target counts, on however busy a machine: flaws are caught with their lines.

A flaw for each probe that counts is in the suite, and a page; ``make test-slow`` tries the others.
"""

from dataclasses import replace

import pytest

from harness.model.verdict import Verdict
from targets.catalog import PROBED
from targets.flaws.catalog import SEEN_INSIDE
from tests.controls.one_client import Judged, assert_caught
from tests.sample import sampled

LINES = {  # what shows a flaw, and the line that is to be named
    "flaw:lazy_loading": ("list_some_users", "await user.awaitable_attrs.posts"),
    "flaw:raw_sql_n_plus_one": ("list_some_users", "posts = await session.scalar(text(counting))"),
    "flaw:eager_n_plus_one": (
        "list_some_users",
        "await session.scalar(select(func.count()).select_from(AuditLog).where(AuditLog.user_id == user.id))",
    ),
    "flaw:driver_n_plus_one": ("list_some_users", "posts = await connection.fetchval(COUNTING, user.id)"),
    "flaw:id_n_plus_one": ("list_some_users", "user = await session.get(User, user_id)"),
    "flaw:answer_n_plus_one": ("list_some_users", "def list_users("),
    "flaw:pagination_in_python": ("list_some_users", "users = (await session.scalars(everybody)).all()"),
    "flaw:property_n_plus_one": ("list_some_posts", "return self._post.user.name"),
    "flaw:base_http_middleware": ("get_user", "response = await call_next(request)"),
    "flaw:missing_await": ("create_user", "repository.commit()  # type: ignore[unused-coroutine]  # the flaw"),
}
SAMPLE = ("flaw:lazy_loading", "flaw:base_http_middleware")
FIXES = {
    "flaw:lazy_loading": "selectinload(User.posts)",
    "flaw:answer_n_plus_one": "selectinload(User.posts)",
    "flaw:property_n_plus_one": "joinedload(Post.user)",
}
# Of tests/controls/sound_pages.py.
SOUND = ["fanning_out", "at_once", "in_a_list", "returning", "streaming", "by_driver"]


@pytest.mark.parametrize("name", sampled(LINES, SAMPLE))
def test_a_flaw_is_caught_with_its_line(name: str, judged_alone: Judged) -> None:
    flaw = SEEN_INSIDE[name].target
    operation, line = LINES[name]
    found = assert_caught(flaw, judged_alone(flaw, [operation]), line)
    assert found.facts.get("fix", "") == FIXES.get(name, "")


@pytest.mark.parametrize("app", sampled(SOUND, SOUND[:1]))
def test_a_sound_page_is_caught_by_nothing(app: str, judged_alone: Judged) -> None:
    target = replace(PROBED["async:probed"], app=f"tests.controls.sound_pages:{app}", probes=("queries",))
    (found,) = judged_alone(target, ["list_some_users"])
    assert (found.check, found.verdict) == ("n_plus_one", Verdict.PASS), found
