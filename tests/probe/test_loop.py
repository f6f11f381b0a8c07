"""Stalls that are planted, against those that are found: how many, how long, and where."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.model.evidence import Sample
from harness.provision.target import read_samples

PLANT = Path(__file__).parent / "plant_stalls.py"
SEED, NUMBER = 11, 60
TWENTY_MS = 20e6


@dataclass(frozen=True)
class Planted:
    """One stall: how long it was, less what the machine added, who did it, and what the probe said of it."""

    took_ns: int
    wall_ns: int
    by: str
    found_ns: float | None
    call_site: str
    guessed: bool


def plant(folder: Path, number: int = NUMBER, *core: int) -> list[Planted]:
    """Plant stalls, and look for each among those that the probe told of."""
    command = [sys.executable, PLANT, folder, *map(str, (SEED, number, *core))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    stalls = [sample for path in folder.iterdir() for sample in read_samples(path) if sample.metric == "stall_s"]
    found = []
    for began_ns, ended_ns, waited_ns, by in json.loads(done.stdout):
        # the probe tells of a stall at the first tick after it
        near = [stall for stall in stalls if began_ns < stall.t_ns < ended_ns + 10e6]
        told = max(near, key=lambda stall: stall.value, default=None)
        wall_ns = ended_ns - began_ns
        told_ns, call_site = (told.value * 1e9, told.places["call_site"].function) if told else (None, "")
        guessed = told is not None and told.labels["length"] == "guess"
        found.append(Planted(wall_ns - waited_ns, wall_ns, by, told_ns, call_site, guessed))
    return found


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> list[Planted]:
    return plant(tmp_path_factory.mktemp("probes"))


def test_stalls_of_20_ms_and_more_are_found(planted: list[Planted]) -> None:
    long = [one for one in planted if one.took_ns >= TWENTY_MS]
    assert len(long) > NUMBER / 3
    # a machine that is busy with something else lets the thread look too seldom for some of them
    assert sum(one.found_ns is not None for one in long) >= 0.8 * len(long)


def test_their_length_is_known_within_a_tenth(planted: list[Planted]) -> None:
    """Of what the machine added, the probe knows all but the beginning: told lies between without and with it."""
    found = [(one, one.found_ns) for one in planted if one.found_ns and one.took_ns >= TWENTY_MS]
    assert sum(0.9 * one.took_ns <= found_ns <= 1.1 * one.wall_ns for one, found_ns in found) >= 0.9 * len(found) > 0


def test_the_function_is_named(planted: list[Planted]) -> None:
    found = [one for one in planted if one.found_ns is not None]
    assert sum(one.call_site == one.by for one in found) >= 0.9 * len(found)


@pytest.mark.slow
def test_on_a_machine_of_its_own_almost_all_are_found_rightly(tmp_path: Path) -> None:
    planted = [one for turn in range(3) for one in plant(_new(tmp_path / str(turn)), 150)]
    long = [one for one in planted if one.took_ns >= TWENTY_MS]
    lengths = [(one, one.found_ns) for one in long if one.found_ns]
    known = [one for one, _ in lengths if not one.guessed]
    named = [one for one in planted if one.found_ns]
    assert len(known) >= 0.95 * len(long) > 0
    outside = [one for one, found_ns in lengths if not 0.9 * one.took_ns <= found_ns <= 1.1 * one.wall_ns]
    assert outside == []
    assert sum(one.call_site == one.by for one in named) >= 0.95 * len(named)


def test_a_loop_that_only_waits_has_no_stall(tmp_path: Path) -> None:
    plant(tmp_path, 0)
    samples = [sample for path in tmp_path.iterdir() for sample in read_samples(path)]
    assert "lag_max_s" in {sample.metric for sample in samples}
    # it waits for most of a second; a machine that stands still for a moment is seen as well
    assert sum(sample.value for sample in samples if sample.metric == "stall_s") < 0.05


@pytest.fixture
def wanted_core() -> Iterator[int]:
    """A core that two others want as well."""
    core = min(os.sched_getaffinity(0))
    burn = f"import os; os.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
    others = [subprocess.Popen([sys.executable, "-c", burn]) for _ in range(2)]
    yield core
    for other in others:
        other.kill()
        other.wait()


@pytest.mark.skipif(not Path("/proc/thread-self/schedstat").exists(), reason="this system does not tell of such waits")
def test_most_of_what_the_machine_adds_is_taken_off(wanted_core: int, tmp_path: Path) -> None:
    busy = [one for one in plant(tmp_path, NUMBER // 3, wanted_core) if one.by == "keep_busy" and one.found_ns]
    took_ns, wall_ns = sum(one.took_ns for one in busy), sum(one.wall_ns for one in busy)
    assert wall_ns > 1.5 * took_ns > 0, "the core was not wanted"
    assert sum(one.found_ns or 0.0 for one in busy) < (took_ns + wall_ns) / 2
    metrics = {sample.metric for path in tmp_path.iterdir() for sample in read_samples(path)}
    assert "core_wait_s" in metrics


def test_a_loop_that_has_closed_is_asked_no_more(tmp_path: Path) -> None:
    script = """
import asyncio, sys, threading, time
from pathlib import Path
from harness.probe.loop import LoopProbe
from harness.probe.sampler import Sampler
from harness.probe.recorder import Recorder

async def serve():
    LoopProbe(Recorder(Path(sys.argv[1])), Sampler()).start()
    print(*(thread.name for thread in threading.enumerate()))

asyncio.run(serve())
until_s = time.monotonic() + 10
while time.monotonic() < until_s and any("sampler" in thread.name for thread in threading.enumerate()):
    time.sleep(0.01)
print(*(thread.name for thread in threading.enumerate()))
"""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True, cwd=root
    )
    during, after = done.stdout.splitlines()
    assert ("sampler" in during, "sampler" in after, done.stderr) == (True, False, "")


def noted_by(application: str, tmp_path: Path) -> list[Sample]:
    """Serve an application of a file of its own, so that its lines have names, and return what the probe noted."""
    script, folder = tmp_path / "serve.py", tmp_path / "samples"
    script.write_text(application)
    folder.mkdir()
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, script, folder], check=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
    return [sample for path in folder.iterdir() for sample in read_samples(path)]


BEATS = """
import asyncio, sys, time
from pathlib import Path
from harness.probe import loop
from harness.probe.sampler import Sampler
from harness.probe.recorder import FLUSH_S, Recorder

loop.ALERT_FOR_S = loop.SUSPECTED_FOR_S = 0.0  # so that every stall comes upon a calm watchdog

def hold_up():
    time.sleep(0.03)

async def serve():
    probe = loop.LoopProbe(Recorder(Path(sys.argv[1])), Sampler())
    probe.start()
    for _ in range(20):
        until_s = time.monotonic() + 0.06
        while time.monotonic() < until_s:
            await asyncio.sleep(0.002)
            probe.beat()
        hold_up()
    await asyncio.sleep(2 * FLUSH_S)

asyncio.run(serve())
"""


def test_a_loop_that_gave_signs_of_life_until_just_before_is_not_forgotten(tmp_path: Path) -> None:
    samples = noted_by(BEATS, tmp_path)
    stalls = [sample for sample in samples if sample.metric == "stall_s"]
    assert 16 <= len(stalls) <= 20
    assert sum(stall.places["call_site"].function == "hold_up" for stall in stalls) >= 0.9 * len(stalls)


COLLECTS = """
import asyncio, gc, json, sys, threading, time
from pathlib import Path
from harness.probe import loop
from harness.probe.sampler import Sampler
from harness.probe.recorder import FLUSH_S, Recorder

gc.disable()
kept = [[] for _ in range(200_000)]
took_s = []

def collect(generation):
    began_s = time.monotonic()
    gc.collect(generation)
    took_s.append(time.monotonic() - began_s)

async def serve():
    loop.LoopProbe(Recorder(Path(sys.argv[1])), Sampler()).start()
    for generation in (2, 0, 2, 1):  # in another thread, as requests of a sync target are
        await asyncio.to_thread(collect, generation)
    await asyncio.sleep(2 * FLUSH_S)

asyncio.run(serve())
print(json.dumps(took_s))
"""


def test_full_collections_of_garbage_are_timed_and_those_of_young_objects_are_not(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", COLLECTS, tmp_path], capture_output=True, text=True, check=True, cwd=root
    )
    first_s, _, second_s, _ = json.loads(done.stdout)
    samples = [sample for path in tmp_path.iterdir() for sample in read_samples(path)]
    told_s = [sample.value for sample in samples if sample.metric == "collection_s"]
    assert len(told_s) == 2
    for told, took in zip(told_s, (first_s, second_s), strict=True):
        assert 0 < told <= took


COLLECTS_IN_THE_LOOP = """
import asyncio, gc, sys, time
from pathlib import Path
from harness.probe import loop
from harness.probe.sampler import Sampler
from harness.probe.recorder import FLUSH_S, Recorder

gc.disable()
kept = [[] for _ in range(500_000)]

def hold_up():
    time.sleep(0.002)  # shorter than a stall, and the watchdog may look
    gc.collect()
    time.sleep(0.002)

async def serve():
    loop.LoopProbe(Recorder(Path(sys.argv[1])), Sampler()).start()
    for _ in range(25):
        await asyncio.sleep(0.011)
        hold_up()
    await asyncio.sleep(2 * FLUSH_S)

asyncio.run(serve())
"""


def test_what_collecting_garbage_takes_is_no_stall_of_the_application(tmp_path: Path) -> None:
    samples = noted_by(COLLECTS_IN_THE_LOOP, tmp_path)
    collected_s, stalled_s = (
        sum(sample.value for sample in samples if sample.metric == metric) for metric in ("collection_s", "stall_s")
    )
    assert collected_s > 0.2
    assert stalled_s < 0.2 * collected_s
