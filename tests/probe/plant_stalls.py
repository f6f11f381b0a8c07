"""Hold an event loop up at random for known lengths, with the probe watching, and say when it was."""

import asyncio
import json
import random
import sys
import time
from pathlib import Path

import uvloop

from harness.probe.loop import LoopProbe
from harness.probe.recorder import FLUSH_S, Recorder

LENGTHS_S = (0.005, 0.02, 0.1)


def wait_in_vain(seconds: float) -> None:
    """Wait, and let other threads run meanwhile."""
    time.sleep(seconds)


def keep_busy(seconds: float) -> None:
    """Compute, and hold the interpreter's lock but for its own switches."""
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        pass


async def plant(folder: Path, seed: int, number: int) -> None:
    """Plant, and print (began, ended, by whom) of each stall, in nanoseconds of the monotonic clock."""
    LoopProbe(Recorder(folder)).start()
    chosen = random.Random(seed)  # noqa: S311 - a plan to be repeated, no secret
    planted = []
    for turn in range(number):
        await asyncio.sleep(chosen.uniform(0.01, 0.04))
        culprit = (wait_in_vain, keep_busy)[turn % 2]
        began_ns = time.monotonic_ns()
        culprit(chosen.choice(LENGTHS_S))
        planted.append((began_ns, time.monotonic_ns(), culprit.__name__))
    await asyncio.sleep(3 * FLUSH_S)
    sys.stdout.write(json.dumps(planted))


if __name__ == "__main__":
    uvloop.run(plant(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
