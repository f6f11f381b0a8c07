"""Requests that wait for one another, by all that Python and AnyIO have for it, and those that do not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.model.evidence import Sample
from harness.probe.request_sampling import MOST_VARIABLE
from harness.provision.target import read_samples

REQUESTS = Path(__file__).parent / "waiting_requests.py"
ALL = {MOST_VARIABLE: "1000000"}  # so that every request is looked into
HOWS = ("seen", "followed")
# Of five requests: for what, how many, the line at which they wait, and that where it is held.
WAITS = {
    "lock": ("lock", 4, "async with lock:", "await stand()"),
    "lock_in_time": ("lock", 4, "await asyncio.wait_for(lock.acquire(), 60)", "await stand()"),
    "lock_in_a_generator": ("lock", 4, "async with lock:", ""),
    "semaphore": ("semaphore", 3, "async with semaphore:", "await stand()"),
    "condition": ("condition", 4, "await condition.wait_for(lambda: not busy)", "await stand()"),
    "anyio_lock": ("lock", 4, "async with anyio_lock:", "await stand()"),
    "anyio_semaphore": ("semaphore", 4, "async with anyio_semaphore:", "await stand()"),
    "limiter": ("semaphore", 4, "await to_thread.run_sync(released.wait, limiter=limiter)", ""),
    "queue": ("queue", 4, "await done", "await ended.wait()"),
    "queue_of_a_state": ("queue", 4, "await done", "await ended.wait()"),
    "queue_of_events": ("queue", 4, "await asyncio.wait_for(done.wait(), 60)", "await ended.wait()"),
    "queue_of_clients": ("queue", 4, "client = await clients.get()", "await stand()"),
    "full_queue": ("queue", 4, "await small.put(1)", "await stand()"),
    "executor": ("executor", 4, "await asyncio.get_running_loop().run_in_executor(executor, released.wait)", ""),
    "set_executor": ("executor", 3, "await asyncio.to_thread(released.wait)", ""),
    "thread_lock": ("lock", 4, "with thread_lock:", "released.wait()"),
    "named_lock": ("lock", 4, 'locks["one"].acquire(timeout=60)', "released.wait()"),
    "thread_semaphore": ("semaphore", 3, "with thread_semaphore:", "released.wait()"),
    "thread_queue": ("queue", 4, "job.result()", "released.wait()"),
}
SOUND = ("default_executor", "wide_semaphore", "gather", "own_queue", "future", "sleep", "join", "short_lock")
Looks = dict[str, list[Sample]]


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Looks]:
    """By whether requests were followed, and by case: what the probe told while all stood still."""
    folders = {how: tmp_path_factory.mktemp(how) for how in HOWS}
    planted = {
        how: subprocess.Popen(
            [sys.executable, "-m", "tests.probe.plant_turns", str(folder), how, *WAITS, *SOUND],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **ALL},
        )
        for how, folder in folders.items()
    }
    seen: dict[str, Looks] = {}
    for how, process in planted.items():
        spans = json.loads(process.communicate(timeout=240)[0])
        samples = [each for file in folders[how].iterdir() for each in read_samples(file) if each.probe == "waits"]
        seen[how] = {
            case: [each for each in samples if since_ns <= each.t_ns < until_ns]
            for case, (since_ns, until_ns) in spans.items()
        }
    return seen


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("case", WAITS)
def test_who_waits_for_another_is_seen_with_the_line(case: str, how: str, looks: dict[str, Looks]) -> None:
    seen = looks[how][case]
    assert [each.value for each in seen if each.metric == "under_way"][-1] == 5
    (last,) = [each for each in seen if each.metric == "turn"][-1:]
    kind, count, at, held_at = WAITS[case]
    source = REQUESTS.read_text().splitlines()
    lines = {name: source[place.line - 1].strip() for name, place in last.places.items()}
    assert (last.labels["kind"], last.value) == (kind, count)
    assert lines == {"call_site": at, **({"held_at": held_at} if held_at else {})}


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("case", SOUND)
def test_who_waits_for_nobody_is_not_seen_to(case: str, how: str, looks: dict[str, Looks]) -> None:
    seen = looks[how][case]
    assert {each.value for each in seen if each.metric == "under_way"} == {5}
    assert sum(each.value for each in seen if each.metric == "turn") <= (1 if case == "short_lock" else 0)
