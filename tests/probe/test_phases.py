"""Parts of requests that are planted, against those that are told: each one, and their sum."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.probe.request import PHASES
from harness.provision.target import read_samples

PLANT = Path(__file__).parent / "plant_phases.py"


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[list[dict[str, float]], list[tuple[float, dict[str, float]]]]:
    """What was planted, and what the probe told: seconds, and numbers beside."""
    folder: Path = tmp_path_factory.mktemp("probes")
    done = subprocess.run([sys.executable, PLANT, str(folder)], capture_output=True, text=True, check=True)
    samples = [sample for path in folder.iterdir() for sample in read_samples(path)]
    return json.loads(done.stdout), [(one.value, dict(one.fields)) for one in samples if one.metric == "took_s"]


def test_every_request_is_told_and_its_parts_add_up_to_the_whole(
    both: tuple[list[dict[str, float]], list[tuple[float, dict[str, float]]]],
) -> None:
    planted, told = both
    assert len(told) == len(planted) > 0
    for took_s, fields in told:
        assert sum(fields[phase] for phase in PHASES) == pytest.approx(took_s, abs=1e-5)


@pytest.mark.parametrize("phase", [*PHASES, "queue"])
def test_a_part_is_as_long_as_it_was(
    phase: str, both: tuple[list[dict[str, float]], list[tuple[float, dict[str, float]]]]
) -> None:
    planted, told = both
    was_s = sum(parts.get(phase, 0.0) for parts in planted)
    told_s = sum(fields[phase] for _, fields in told)
    assert was_s > 0.2
    assert told_s == pytest.approx(was_s, rel=0.1)


def test_the_bytes_of_answers_and_the_requests_beside_are_counted(
    both: tuple[list[dict[str, float]], list[tuple[float, dict[str, float]]]],
) -> None:
    _, told = both
    assert {fields["bytes"] for _, fields in told} == {8}
    assert {fields["in_flight"] for _, fields in told} == {0, 1, 2}


def test_nobody_waits_for_what_there_is_enough_of(
    both: tuple[list[dict[str, float]], list[tuple[float, dict[str, float]]]],
) -> None:
    """A busy machine may stop a thread in a call that waits for nobody: that has been planted, too, and is no more."""
    planted, told = both
    one_thread, one_connection = slice(len(told) // 2), slice(len(told) // 2, None)
    for phase, short, enough in (("thread", one_thread, one_connection), ("connection", one_connection, one_thread)):
        waited_s = sum(fields[phase] for _, fields in told[short])
        told_s = sum(fields[phase] for _, fields in told[enough])
        was_s = sum(parts[phase] for parts in planted[enough])
        assert waited_s > 0.2
        assert told_s - was_s < 0.1 * waited_s


def test_it_tells_of_no_request_unless_it_is_asked_to(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, PLANT, str(tmp_path), "silent"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)  # requests were served
    assert not [sample for path in tmp_path.iterdir() for sample in read_samples(path) if sample.metric == "took_s"]
