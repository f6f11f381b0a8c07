"""What only a probe inside the target sees: each flaw is caught with its line, and a twin is caught by nothing.

A flaw for each probe is in the suite, and a twin; ``make test-slow`` tries the others.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest

from harness.analysis.checks.registry import OF_TRIALS, judge_trial
from harness.load.single_client import Client
from harness.model.evidence import Window
from harness.model.findings import Finding
from harness.model.plan import Target
from harness.model.request_record import Outcome
from harness.model.verdict import Verdict
from harness.provision.addresses import url_through
from harness.provision.meter import SessionMeter
from harness.provision.target import target_process, wait_until_serving
from harness.provision.toxiproxy import Link
from targets.catalog import PROBED
from targets.flaws.catalog import SEEN_INSIDE
from targets.workload import WORKLOAD
from tests.controls.test_exhaustion import LINES as EXHAUSTED_BY_MANY
from tests.controls.test_waits import LINES as WAITED_AT_BY_MANY
from tests.evidence import evidence
from tests.sample import sampled

ASK_S = 1.5
ADDED_MS = 10
LINES = {  # what shows a flaw, and the line that is to be named
    "flaw:blocking_call": ("get_user", "time.sleep(CALL_S)"),
    "flaw:sync_driver": ("get_user", "user = session.get(User, user_id)"),
    "flaw:work_in_the_loop": ("get_user", "while time.process_time() < until_s:\n            rounds += 1"),
    "flaw:signature_in_middleware": ("get_user", 'return pbkdf2_hmac("sha256", path.encode(), b"salt", ROUNDS)'),
    "flaw:tls_context_per_request": ("get_user", "return ssl.create_default_context()"),
    "flaw:waits_for_seconds": ("get_user", "time.sleep(CALL_S)"),
    "flaw:lazy_loading": ("list_some_users", "await user.awaitable_attrs.posts"),
    "flaw:raw_sql_n_plus_one": (
        "list_some_users",
        "posts = await session.scalar(text(counting))",
    ),
    "flaw:eager_n_plus_one": (
        "list_some_users",
        "await session.scalar(select(func.count()).select_from(AuditLog).where(AuditLog.user_id == user.id))",
    ),
    "flaw:pagination_in_python": ("list_some_users", "users = (await session.scalars(everybody)).all()"),
    "flaw:property_n_plus_one": ("list_some_posts", "return self._post.user.name"),
    "flaw:leaked_session": ("get_user", "user = await session.get(User, user_id)"),
    "flaw:base_http_middleware": ("get_user", "response = await call_next(request)"),
    "flaw:missing_await": ("create_user", "repository.commit()  # type: ignore[unused-coroutine]  # the flaw"),
    "flaw:held_across_call": ("get_user", "await asyncio.sleep(CALL_S)"),
    "flaw:sync_leaked_session": ("get_user", "user = session.get(User, user_id)"),
    "flaw:sync_held_across_call": ("get_user", "time.sleep(CALL_S)"),
}
# What shows a flaw that has no line of the application's, and the route that is to be named.
ROUTES = {"flaw:whole_history": ("get_user", "GET /api/v1/users/{user_id}")}
# Those that take the load of many clients to show, as ``make flaws`` has it.
BY_LOAD = {"flaw:rare_wait", "flaw:thousands_of_tasks"}
SAMPLE = ("flaw:sync_driver", "flaw:lazy_loading", "flaw:base_http_middleware", "flaw:sync_held_across_call")
FIXES = {
    "flaw:lazy_loading": "selectinload(User.posts)",
    "flaw:property_n_plus_one": "joinedload(Post.user)",
}
# Of tests/controls/sound_loops.py, the first of which is in the suite.
SOUND_LOOPS = ["thread", "page", "tasks", "client", "signed", "waiting"]
SOUND = ["fanning_out", "at_once", "in_a_list", "returning", "streaming"]  # of tests/controls/sound_pages.py
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
OF_INSTALLED = {
    "get_user": ("loop", "ask_another()"),
    "list_some_users": ("n_plus_one", "await count_posts(session, user.id)"),
}
Judged = Callable[[Target, Sequence[str]], list[Finding]]


def key_of(number: int) -> str:
    """The key of a write."""
    return f"{number:032x}"


@pytest.fixture
def judged(url: str, link: Link, tmp_path: Path) -> Judged:
    """What its probes' checks say of a target that is asked one request after the other, 10 ms from its database."""

    def judge(target: Target, operations: Sequence[str]) -> list[Finding]:
        through = url_through(url, link.port)
        with (
            SessionMeter(url, ADDED_MS / 1000) as meter,
            target_process(WORKLOAD, target, through, tmp_path / "log") as running,
            Client(running.url, 10.0) as client,
        ):
            wait_until_serving(running)
            link.add_toxic("latency", "latency", "downstream", latency=ADDED_MS)
            for operation in operations:
                client.send(WORKLOAD.request(operation, 1, key_of(1)))  # the first of all compiles and connects
            start_ns = time.monotonic_ns()
            for number, operation in enumerate(cycle(operations)):
                asked = WORKLOAD.request(operation, number, key_of(number))
                assert client.send(asked).outcome is Outcome.OK
                if time.monotonic_ns() - start_ns > ASK_S * 1e9:
                    break
            window = Window(start_ns=start_ns, end_ns=time.monotonic_ns())
            samples = (*running.probed(window), *meter.samples())
            seen = replace(evidence(), target=target, window=window, samples=samples)
            return [finding for finding in judge_trial(seen) if OF_TRIALS[finding.check].probe in target.probes]

    return judge


@pytest.mark.parametrize("name", sampled(LINES, SAMPLE))
def test_a_flaw_is_caught_with_its_line(name: str, judged: Judged) -> None:
    flaw = SEEN_INSIDE[name].target
    operation, line = LINES[name]
    (found,) = [one for one in judged(flaw, [operation]) if one.verdict is not Verdict.PASS]
    assert (found.check, found.verdict) == next(iter(flaw.expected.items())), found
    assert found.place is not None
    path = Path(__file__).parents[2] / "targets" / "flaws" / f"{flaw.flaw}.py"
    source = path.read_text()
    assert (found.place.file, f"def {found.place.function}(" in source) == (path.name, True)
    assert source.splitlines()[found.place.line - 1].strip() in line
    assert found.facts.get("fix", "") == FIXES.get(name, "")


@pytest.mark.parametrize("name", ROUTES)
def test_a_flaw_without_a_line_is_caught_with_its_route_and_size(name: str, judged: Judged) -> None:
    operation, route = ROUTES[name]
    (found,) = [one for one in judged(SEEN_INSIDE[name].target, [operation]) if one.check == "loop"]
    assert (found.verdict, found.place, found.facts["route"]) == (Verdict.FAIL, None, route), found
    assert found.values["answer"].value > 100_000


@pytest.mark.parametrize("driver", sampled(["usual", "psycopg"], ["usual"]))
@pytest.mark.parametrize("name", sampled(PROBED, ["async:probed"]))
def test_a_twin_is_caught_by_nothing(name: str, driver: str, judged: Judged) -> None:
    target = PROBED[name] if driver == "usual" else replace(PROBED[name], driver=driver)
    found = judged(target, sorted({operation for operation, _ in LINES.values()} - set(WORKLOAD.writes)))
    assert {OF_TRIALS[one.check].probe: one.verdict for one in found} == dict.fromkeys(
        PROBED[name].probes, Verdict.PASS
    ), found


@pytest.mark.parametrize("app", sampled(SOUND, SOUND[:1]))
def test_a_sound_page_is_caught_by_nothing(app: str, judged: Judged) -> None:
    target = replace(PROBED["async:probed"], app=f"tests.controls.sound_pages:{app}", probes=("queries",))
    (found,) = judged(target, ["list_some_users"])
    assert (found.check, found.verdict) == ("n_plus_one", Verdict.PASS), found


@pytest.mark.parametrize("app", sampled(SOUND_LOOPS, SOUND_LOOPS[:1]))
def test_a_loop_that_goes_on_is_caught_by_nothing(app: str, judged: Judged) -> None:
    target = replace(PROBED["async:probed"], app=f"tests.controls.sound_loops:{app}")
    found = judged(target, ["get_user"])
    assert [one for one in found if one.verdict is Verdict.FAIL] == []
    assert [one.verdict for one in found if one.check == "loop"] == [Verdict.PASS], found


@pytest.mark.parametrize("operation", OF_INSTALLED)
def test_an_installed_application_is_named_at_its_lines(operation: str, judged: Judged, tmp_path: Path) -> None:
    check, line = OF_INSTALLED[operation]
    folder = tmp_path / "lib" / "site-packages"
    for name, text in INSTALLED.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    probes = ("loop", "queries")
    target = replace(PROBED["async:probed"], app="shop.main:app", probes=probes, variables={"PYTHONPATH": str(folder)})
    found = {finding.check: finding for finding in judged(target, [operation])}[check]
    assert (found.verdict, found.place and found.place.file) == (Verdict.FAIL, "main.py"), found
    assert found.place is not None
    assert INSTALLED["shop/main.py"].splitlines()[found.place.line - 1].strip() == line


def test_the_sample_has_a_flaw_for_each_probe() -> None:
    assert {SEEN_INSIDE[name].target.probes for name in SAMPLE} == {(probe,) for probe in PROBED["async:probed"].probes}


def test_every_flaw_seen_inside_has_the_probe_that_its_check_needs() -> None:
    assert {*LINES, *ROUTES, *BY_LOAD, *EXHAUSTED_BY_MANY, *WAITED_AT_BY_MANY} == set(SEEN_INSIDE)
    for target in (flaw.target for flaw in SEEN_INSIDE.values()):
        assert set(target.probes) >= {OF_TRIALS[check].probe for check in target.expected} - {""}
        assert set(target.probes) <= set(PROBED["async:probed"].probes)
