"""Who holds a connection, who has a thread and who waits for one, as AnyIO's own threads and a real pool have it."""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from harness.model.evidence import Sample
from harness.probe.request_sampling import MOST_VARIABLE
from harness.provision.target import read_samples

WITHOUT_ANYIO = """
import asyncio, sys
from pathlib import Path
from harness.probe.checkouts import CheckoutProbe
from harness.probe.sampler import Sampler
from harness.probe.recorder import FLUSH_S, Recorder

async def look():
    CheckoutProbe(Recorder(Path(sys.argv[1])), Sampler(), lambda: 0).start()
    await asyncio.sleep(3 * FLUSH_S)

asyncio.run(look())
assert "anyio" not in sys.modules
"""
# A job that a request has begun, and that outlives it.
GOES_ON = """
import asyncio, sys, threading
from contextvars import copy_context
from pathlib import Path
from anyio import to_thread
from sqlalchemy import QueuePool, create_engine
from harness.probe import request, waits
from harness.probe.checkouts import LOOK_EVERY_S, CheckoutProbe
from harness.probe.sampler import Sampler
from harness.probe.recorder import FLUSH_S, Recorder

engine = create_engine("sqlite://", poolclass=QueuePool, connect_args={"check_same_thread": False})
released = threading.Event()

async def begin():
    request.beginning(asyncio.get_running_loop())()
    return copy_context()

def work():
    with engine.connect():
        released.wait()

async def serve():
    recorder = Recorder(Path(sys.argv[1]))
    checkouts = CheckoutProbe(recorder, Sampler(), lambda: 0)
    waits.tell_connections(recorder, checkouts)
    checkouts.start()
    context = await asyncio.create_task(begin())
    await asyncio.sleep(0)  # the loop keeps what has woken this one up until then
    assert context[request.under_way]() is None
    job = asyncio.get_running_loop().create_task(to_thread.run_sync(work), context=context)
    await asyncio.sleep(6 * LOOK_EVERY_S)
    released.set()
    await job
    await asyncio.sleep(2 * FLUSH_S)

asyncio.run(serve())
"""
PLANT = Path(__file__).parent / "plant_checkouts.py"
# Of those without a connection: who has the one thread, and who waits for it or for something else.
STATES = {
    "waits": ("thread", {"in_thread": 1, "thread": 2, "elsewhere": 0}, "holds_and_waits_for_a_thread"),
    "runs": ("python", {"in_thread": 1, "thread": 1, "elsewhere": 0}, "check_out_and_stay"),
    "moves": ("python", {"in_thread": 2, "thread": 0, "elsewhere": 0}, "go_on"),
    "beside": ("python", {"in_thread": 1, "thread": 1, "elsewhere": 0}, "stay"),
    "elsewhere": ("elsewhere", {"in_thread": 1, "thread": 0, "elsewhere": 1}, "holds_and_waits_elsewhere"),
    "background": ("background", {"in_thread": 1, "thread": 0, "elsewhere": 0}, "stand_still"),
}
PATHS, HOWS = ("/", "/handed-on", "/handed-on-later"), ("seen", "followed")
ALL = {MOST_VARIABLE: "1000000"}  # so that every request is looked into
Looks = tuple[Sample, Sample]


def plant(folder: Path, path: str, how: str, *cases: str) -> subprocess.Popen[str]:
    """Let requests stand still, all of the cases one after the other."""
    command = [sys.executable, str(PLANT), str(folder), path, how, *cases]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **ALL})


def looks(process: subprocess.Popen[str], folder: Path) -> dict[str, list[Looks]]:
    """What the probe told until each case was over, and nobody moved: who held a connection, and who waited."""
    until_ns = json.loads(process.communicate(timeout=60)[0])
    samples = [one for file in folder.iterdir() for one in read_samples(file) if one.probe == "pool"]
    held, waiting = ([one for one in samples if one.metric == metric] for metric in ("in_use", "waiting"))
    both = list(zip(held, waiting, strict=False))
    return {case: [two for two in both if max(one.t_ns for one in two) < until] for case, until in until_ns.items()}


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, list[Looks]]]:
    """By path and whether requests were followed; all at the same time, as they stand still."""
    folders = {both: tmp_path_factory.mktemp("samples") for both in product(PATHS, HOWS)}
    planted = {both: plant(folder, *both, *STATES) for both, folder in folders.items()}
    return {both: looks(process, folders[both]) for both, process in planted.items()}


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("case", STATES)
def test_each_is_seen_where_it_stands(
    case: str, path: str, how: str, seen: dict[tuple[str, str], dict[str, list[Looks]]]
) -> None:
    held, waiting = seen[path, how][case][-1]
    holder, others, place = STATES[case]
    assert held.value == 1
    assert held.fields[holder] == 1
    assert held.places["call_site"].function == place
    assert {name: waiting.fields[name] for name in others} == others
    assert waiting.fields["connection"] == 0


def test_a_thread_that_waits_for_a_connection_is_named_with_its_line(tmp_path: Path) -> None:
    told = looks(plant(tmp_path, "/", "seen", "wants"), tmp_path)["wants"]
    held, waiting = told[-1]
    assert waiting.fields["connection"] == 1
    assert held.places["wants"].function == "ask_for_another"
    assert held.places["call_site"].function == "holds_and_waits_elsewhere"
    assert not any("wants" in one.places for one, other in told if not other.value)


def test_an_application_without_anyio_is_looked_at_too(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", WITHOUT_ANYIO, str(tmp_path)], check=True, cwd=root)
    waiting = [one for file in tmp_path.iterdir() for one in read_samples(file) if one.metric == "waiting"]
    assert waiting
    assert {one.fields["in_thread"] for one in waiting} == {0}


def test_a_thread_that_goes_on_for_a_request_that_is_gone_has_its_connection_and_is_looked_at(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", GOES_ON, str(tmp_path)], check=True, cwd=root)
    held = [one for file in tmp_path.iterdir() for one in read_samples(file) if one.metric == "in_use" and one.value]
    assert len(held) > 1
    assert {one.fields["over"] for one in held} == {1}
