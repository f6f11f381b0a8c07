"""Hold an event loop up at random for known lengths, with the probe watching, and say when it was.

``FOLDER SEED NUMBER`` plants calls that take 5, 20 and 100 ms; with a ``CORE`` they take 20 ms, on that one.
"""

import asyncio
import json
import os
import random
import sys
import time
from pathlib import Path

import uvloop

from harness.probe.loop import LoopProbe
from harness.probe.recorder import FLUSH_S, Recorder
from harness.probe.sampler import Sampler

LENGTHS_S = (0.005, 0.02, 0.1)
SCHEDSTAT = Path("/proc/thread-self/schedstat")


def wait_in_vain(seconds: float) -> None:
    """Wait, and let other threads run meanwhile."""
    time.sleep(seconds)


def keep_busy(seconds: float) -> None:
    """Compute, and hold the interpreter's lock but for its own switches."""
    until_s = time.thread_time() + seconds
    while time.thread_time() < until_s:
        pass


def without_a_core_ns() -> int:
    """Say how long this thread was ready so far and had no core."""
    return int(SCHEDSTAT.read_text().split()[1]) if SCHEDSTAT.exists() else 0


async def plant(folder: Path, seed: int, number: int, lengths_s: tuple[float, ...]) -> None:
    """Plant, and print (began, ended, nanoseconds without a core, by whom) of each stall, by the monotonic clock."""
    LoopProbe(Recorder(folder), Sampler()).start()
    chosen = random.Random(seed)  # noqa: S311 - a plan to be repeated, no secret
    planted = []
    for turn in range(number):
        await asyncio.sleep(chosen.uniform(0.01, 0.04))
        call_site = (wait_in_vain, keep_busy)[turn % 2]
        waited_ns, began_ns = without_a_core_ns(), time.monotonic_ns()
        call_site(chosen.choice(lengths_s))
        planted.append((began_ns, time.monotonic_ns(), without_a_core_ns() - waited_ns, call_site.__name__))
    await asyncio.sleep(3 * FLUSH_S)
    sys.stdout.write(json.dumps(planted))


if __name__ == "__main__":
    if core := sys.argv[4:]:
        os.sched_setaffinity(0, {int(core[0])})
    uvloop.run(plant(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), (0.02,) if core else LENGTHS_S))
