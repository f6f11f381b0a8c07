"""What a probe's recorder has written is read back as it was, or not at all."""

import marshal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.model.verdict import Place
from harness.probe import recorder
from harness.provision.target import read_samples

KIND = ("pool", "in_use", ("call_site", "asks", "route", "python", "longest_s"))
PLACE = ("a.py", 1, "f")


def test_numbers_names_and_places_are_told_apart_and_what_is_unknown_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "1.samples"
    file.write_bytes(
        marshal.dumps([(7, KIND, 2.0, (PLACE, None, "GET /", 3, 0.25))])
        + marshal.dumps([(8, KIND, 1.0, (None, None, "", 0, 0.0))])[:-4]
    )
    (sample,) = read_samples(file)  # the second is being written
    assert (sample.t_ns, sample.probe, sample.metric, sample.value) == (7, "pool", "in_use", 2.0)
    assert sample.places == {"call_site": Place(*PLACE)}
    assert sample.labels == {"route": "GET /"}
    assert sample.fields == {"python": 3, "longest_s": 0.25}


def test_a_sample_that_is_not_of_its_kind_is_not_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "1.samples"
    file.write_bytes(marshal.dumps([(7, KIND, 2.0, (PLACE, 3))]))
    with pytest.raises(ValueError, match="shorter"):
        list(read_samples(file))


ENDS = """
import os, sys
from pathlib import Path
from harness.probe.recorder import Recorder
Recorder(Path(sys.argv[1])).note("pool", "in_use", 1.0)
if child := os.fork():
    os.waitpid(child, 0)
"""


def test_what_is_noted_last_is_written_as_the_process_ends_and_by_no_child_of_it(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", ENDS, str(tmp_path)], check=True)
    (file,) = tmp_path.iterdir()
    assert [sample.metric for sample in read_samples(file)] == ["in_use"]


class Clock:
    """A clock by which the recorder writes just as somebody asks for the time first."""

    def __init__(self) -> None:
        self.meanwhile: list[Callable[[], None]] = []

    def monotonic_ns(self) -> int:
        if self.meanwhile:
            self.meanwhile.pop()()
        return 7

    def sleep(self, _seconds: float) -> None:
        time.sleep(60)


def test_a_sample_that_is_just_being_taken_is_not_told_as_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(recorder, "time", clock)
    told = recorder.Recorder(tmp_path)
    clock.meanwhile.append(told._write)
    told.note("pool", "in_use", 1.0)
    told._write()
    (file,) = tmp_path.iterdir()
    assert [sample.metric for sample in read_samples(file)] == ["in_use"]
