"""What a probe inside the target times: each flaw is caught with its line, and a twin is caught by nothing.

A flaw for each probe that times is in the suite, and a twin; ``make test-slow`` tries the others.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.checks.registry import OF_TRIALS
from harness.model.verdict import Verdict
from targets.catalog import PROBED
from targets.flaws.catalog import SEEN_INSIDE
from targets.workload import WORKLOAD
from tests.controls.one_client import Judged, assert_caught
from tests.controls.test_counted_inside import LINES as COUNTED
from tests.controls.test_counted_inside import SAMPLE as COUNTED_SAMPLE
from tests.controls.test_exhaustion import LINES as EXHAUSTED_BY_MANY
from tests.controls.test_waits import LINES as WAITED_AT_BY_MANY
from tests.sample import sampled

LINES = {  # what shows a flaw, and the line that is to be named
    "flaw:blocking_call": ("get_user", "time.sleep(CALL_S)"),
    "flaw:sync_driver": ("get_user", "user = session.get(User, user_id)"),
    "flaw:work_in_the_loop": ("get_user", "while time.process_time() < until_s:\n            rounds += 1"),
    "flaw:signature_in_middleware": ("get_user", 'return pbkdf2_hmac("sha256", path.encode(), b"salt", ROUNDS)'),
    "flaw:tls_context_per_request": ("get_user", "return ssl.create_default_context()"),
    "flaw:waits_for_seconds": ("get_user", "time.sleep(CALL_S)"),
    "flaw:leaked_session": ("get_user", "user = await session.get(User, user_id)"),
    "flaw:held_across_call": ("get_user", "await asyncio.sleep(CALL_S)"),
    "flaw:sync_leaked_session": ("get_user", "user = session.get(User, user_id)"),
    "flaw:sync_held_across_call": ("get_user", "time.sleep(CALL_S)"),
}
# What shows a flaw that has no line of the application's, and the route that is to be named.
ROUTES = {"flaw:whole_history": ("get_user", "GET /api/v1/users/{user_id}")}
# Those that take the load of many clients to show, as ``make flaws`` has it.
BY_LOAD = {"flaw:rare_wait", "flaw:thousands_of_tasks"}
SAMPLE = ("flaw:sync_driver", "flaw:sync_held_across_call")
# Of tests/controls/sound_loops.py, the first of which is in the suite.
SOUND_LOOPS = ["thread", "page", "tasks", "client", "signed", "waiting"]
# An application as a container has it, and a package that it depends on, which is installed beside it.
INSTALLED = {
    "shop/__init__.py": "",
    "shop/main.py": """
from sqlalchemy import select
from shelf import ask_another, count_posts
from targets.async_api.main import create_app
from targets.async_api.repositories import Repository
from targets.async_api.services import read_user
from targets.async_api.session import DatabaseSession
from targets.flaws.shadow import shadow
from targets.shared.models import User
from targets.shared.schemas import Id, Limit, Offset, UserOut

async def get_user(session: DatabaseSession, user_id: Id):
    ask_another()
    return await read_user(Repository(session), user_id)

async def list_users(session: DatabaseSession, limit: Limit = 20, offset: Offset = 0):
    users = (await session.scalars(select(User).order_by(User.id).limit(limit).offset(offset))).all()
    for user in users:
        await count_posts(session, user.id)
    return users

app = shadow(create_app(), "/users/{user_id}", get_user, UserOut, method="get")
app = shadow(app, "/users", list_users, list[UserOut], method="get")
""",
    "shelf/__init__.py": """
import time
from sqlalchemy import text

def ask_another():
    time.sleep(0.02)

async def count_posts(session, user_id):
    await session.scalar(text("SELECT count(*) FROM posts WHERE user_id = :id"), {"id": user_id})
""",
}
OF_INSTALLED = {"loop": "ask_another()", "n_plus_one": "await count_posts(session, user.id)"}  # by check


@pytest.mark.parametrize("name", sampled(LINES, SAMPLE))
def test_a_flaw_is_caught_with_its_line(name: str, judged_alone: Judged) -> None:
    flaw = SEEN_INSIDE[name].target
    operation, line = LINES[name]
    assert_caught(flaw, judged_alone(flaw, [operation]), line)


@pytest.mark.parametrize("name", ROUTES)
def test_a_flaw_without_a_line_is_caught_with_its_route_and_size(name: str, judged_alone: Judged) -> None:
    operation, route = ROUTES[name]
    (found,) = [one for one in judged_alone(SEEN_INSIDE[name].target, [operation]) if one.check == "loop"]
    assert (found.verdict, found.place, found.facts["route"]) == (Verdict.FAIL, None, route), found
    assert found.values["answer"].value > 100_000


@pytest.mark.parametrize("driver", sampled(["usual", "psycopg"], ["usual"]))
@pytest.mark.parametrize("name", sampled(PROBED, ["async:probed"]))
def test_a_twin_is_caught_by_nothing(name: str, driver: str, judged_alone: Judged) -> None:
    target = PROBED[name] if driver == "usual" else replace(PROBED[name], driver=driver)
    asked = {operation for operation, _ in (*LINES.values(), *COUNTED.values())}
    found = judged_alone(target, sorted(asked - set(WORKLOAD.writes)))
    assert {OF_TRIALS[one.check].probe: one.verdict for one in found} == dict.fromkeys(
        PROBED[name].probes, Verdict.PASS
    ), found


@pytest.mark.parametrize("app", sampled(SOUND_LOOPS, SOUND_LOOPS[:1]))
def test_a_loop_that_goes_on_is_caught_by_nothing(app: str, judged_alone: Judged) -> None:
    target = replace(PROBED["async:probed"], app=f"tests.controls.sound_loops:{app}")
    found = judged_alone(target, ["get_user"])
    assert [one for one in found if one.verdict is Verdict.FAIL] == []
    assert [one.verdict for one in found if one.check == "loop"] == [Verdict.PASS], found


def test_an_installed_application_is_named_at_its_lines(judged_alone: Judged, tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "site-packages"
    for name, text in INSTALLED.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    probes = ("loop", "queries")
    target = replace(PROBED["async:probed"], app="shop.main:app", probes=probes, variables={"PYTHONPATH": str(folder)})
    source = INSTALLED["shop/main.py"].splitlines()
    asked = ["list_some_users"] + ["get_user"] * 5  # a page takes as long as five of them
    findings = {found.check: found for found in judged_alone(target, asked)}
    assert findings.keys() == OF_INSTALLED.keys()
    for check, found in findings.items():
        assert (found.verdict, found.place and found.place.file) == (Verdict.FAIL, "main.py"), found
        assert found.place is not None
        assert source[found.place.line - 1].strip() == OF_INSTALLED[check]


def test_the_sample_has_a_flaw_for_each_probe() -> None:
    assert {SEEN_INSIDE[name].target.probes for name in (*SAMPLE, *COUNTED_SAMPLE)} == {
        (probe,) for probe in PROBED["async:probed"].probes
    }


def test_every_flaw_seen_inside_has_the_probe_that_its_check_needs() -> None:
    assert {*LINES, *COUNTED, *ROUTES, *BY_LOAD, *EXHAUSTED_BY_MANY, *WAITED_AT_BY_MANY} == set(SEEN_INSIDE)
    for target in (flaw.target for flaw in SEEN_INSIDE.values()):
        assert set(target.probes) >= {OF_TRIALS[check].probe for check in target.expected} - {""}
        assert set(target.probes) <= set(PROBED["async:probed"].probes)
