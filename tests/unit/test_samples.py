"""What a probe's recorder has written is read back as it was, or not at all."""

import marshal
from pathlib import Path

import pytest

from harness.model.findings import Place
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
