"""Stalls that are planted, against those that are found: how many, how long, and where."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PLANT = Path(__file__).parent / "plant_stalls.py"
SEED, NUMBER = 11, 60
TWENTY_MS = 20e6


@dataclass(frozen=True)
class Planted:
    """One stall: how long it was, who did it, and what the probe said of it."""

    took_ns: int
    by: str
    found_ns: float | None
    culprit: str


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> list[Planted]:
    folder: Path = tmp_path_factory.mktemp("probes")
    done = subprocess.run(
        [sys.executable, PLANT, str(folder), str(SEED), str(NUMBER)], capture_output=True, text=True, check=True
    )
    samples = [json.loads(line) for path in folder.iterdir() for line in path.read_text().splitlines()]
    stalls = [sample for sample in samples if sample[2] == "stall_s"]
    found = []
    for began_ns, ended_ns, by in json.loads(done.stdout):
        # the probe tells of a stall at the first tick after it
        near = [s for s in stalls if began_ns < s[0] < ended_ns + 10e6]
        told = max(near, key=lambda s: float(s[3]), default=None)
        found.append(
            Planted(ended_ns - began_ns, by, told[3] * 1e9 if told else None, told[4]["culprit"] if told else "")
        )
    return found


def test_stalls_of_20_ms_and_more_are_found(planted: list[Planted]) -> None:
    long = [one for one in planted if one.took_ns >= TWENTY_MS]
    assert len(long) > NUMBER / 3
    # a machine that is busy with something else lets the thread look too seldom for some of them
    assert sum(one.found_ns is not None for one in long) >= 0.8 * len(long)


def test_their_length_is_known_within_a_tenth(planted: list[Planted]) -> None:
    ratios = sorted(one.found_ns / one.took_ns for one in planted if one.found_ns and one.took_ns >= TWENTY_MS)
    assert 0.9 <= ratios[len(ratios) // 2] <= 1.1
    assert sum(0.9 <= ratio <= 1.1 for ratio in ratios) >= 0.9 * len(ratios)


def test_the_function_is_named(planted: list[Planted]) -> None:
    found = [one for one in planted if one.found_ns is not None]
    assert sum(one.culprit.endswith(f" {one.by}") for one in found) >= 0.9 * len(found)


def test_a_loop_that_only_waits_has_no_stall(planted: list[Planted]) -> None:
    """The other way round: what is found was planted."""
    assert all(one.culprit.split()[-1] in {"wait_in_vain", "keep_busy"} for one in planted if one.culprit)
