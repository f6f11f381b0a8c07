"""What only a probe inside the target sees: each flaw is caught with its line, and a twin is caught by nothing."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.checks.loop import check_loop
from harness.client import Client
from harness.findings import Finding
from harness.model import Target, Verdict, Window
from harness.provision.postgres import url_through
from harness.provision.target import target_process, wait_until_serving
from harness.provision.toxiproxy import Link
from targets.catalog import PROBED
from targets.flaws.catalog import SEEN_INSIDE
from tests.evidence import evidence

REQUESTS = 60
ADDED_MS = 10
LINES = {
    "flaw:blocking_call": "time.sleep(CALL_S)",
    "flaw:sync_driver": "user = session.get(User, user_id)",
    "flaw:work_in_the_loop": "while time.process_time() < until_s:",
}


@pytest.fixture
def judged(postgres_seed: Callable[[], str], link: Link, tmp_path: Path) -> Callable[[Target], Finding]:
    """What the check of the loop says of a target that reads users one by one, 10 ms from its database."""

    def judge(target: Target) -> Finding:
        url = url_through(postgres_seed(), link.port)
        with target_process(target, url, tmp_path / "log") as running, Client(running.url, 10.0) as client:
            wait_until_serving(running)
            link.add_toxic("latency", "latency", "downstream", latency=ADDED_MS)
            client.send("get_user", "", seed=1)  # the first of all compiles and connects
            start_ns = time.monotonic_ns()
            for number in range(REQUESTS):
                client.send("get_user", "", seed=number)
            window = Window(start_ns=start_ns, end_ns=time.monotonic_ns())
            return check_loop(replace(evidence(), window=window, samples=tuple(running.probed(window))))

    return judge


@pytest.mark.parametrize("name", SEEN_INSIDE)
def test_a_flaw_is_caught_with_its_line(name: str, judged: Callable[[Target], Finding]) -> None:
    found = judged(SEEN_INSIDE[name])
    file, _, function = found.first.partition(" ")
    path = Path(__file__).parents[2] / "targets" / "flaws" / f"{SEEN_INSIDE[name].flaw}.py"
    named = path.read_text().splitlines()[int(file.partition(":")[2] or 1) - 1]
    assert (found.verdict, file.partition(":")[0]) == (Verdict.FAIL, path.name), found
    assert function in path.read_text()
    assert named.strip() in {LINES[name], "rounds += 1"}


@pytest.mark.parametrize("name", PROBED)
def test_a_twin_is_caught_by_nothing(name: str, judged: Callable[[Target], Finding]) -> None:
    found = judged(PROBED[name])
    assert found.verdict is Verdict.PASS, found


def test_every_flaw_seen_inside_has_the_probe_that_its_check_needs() -> None:
    assert set(LINES) == set(SEEN_INSIDE)
    for target in SEEN_INSIDE.values():
        assert set(target.probes) == set(target.expected)
        assert set(target.probes) <= set(PROBED["async:probed"].probes)
