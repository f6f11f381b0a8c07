"""A stored run that makes no sense is told in one line that names the file, and nothing in it ends the reader."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from harness.errors import EvidenceUnreadable, HarnessError
from harness.model.request_record import Op
from harness.ops_file import read_ops
from harness.run import _still_there
from harness.seal import MANIFEST, seal
from harness.store import Store
from harness.stored_file import MAY_BE_BEYOND, read_json
from tests.fix_command_line import Say, assert_one_line
from tests.stored_run import OPS, TRIALS, edit, passing_run, put_folder, write_ops

ASYNC = f"trials/{TRIALS[0].id}"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that passes, but that nothing tells of its end."""
    run = passing_run(tmp_path).folder
    (run / MANIFEST).unlink()
    return run


def write_other(path: Path) -> None:
    """Write an Arrow stream of something else."""
    batch = pa.record_batch([pa.array([1])], names=["id"])
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)


UNFINISHED: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "a nest": ("run.json", lambda path: path.write_text("[" * 100_000), "recursion limit"),
    "a nest in place": (
        "wire.json",
        lambda path: path.write_text('{"a":' * 9999 + "1" + "}" * 9999),
        "recursion limit",
    ),
    "a huge number": (
        f"{ASYNC}/trial.json",
        lambda path: path.write_text(path.read_text().replace("500000000", "9" * 400)),
        "more than 64 bits",
    ),
    "a number that is none": (
        f"{ASYNC}/trial.json",
        lambda path: path.write_text(path.read_text().replace("1.4", "1e999")),
        "not finite",
    ),
    "another trial's": (
        f"{ASYNC}/trial.json",
        lambda path: shutil.copy(path.parents[1] / TRIALS[1].id / path.name, path),
        f"it is of the trial '{TRIALS[1].id}'",
    ),
    "a missing field": (f"{ASYNC}/trial.json", lambda path: path.write_text("{}"), "trial: Field required"),
    "a target that is not there": (
        "run.json",
        lambda path: path.write_text(path.read_text().replace('"target": "sync"', '"target": "nosuch"')),
        "its plan names the target 'nosuch', which it does not describe",
    ),
    "a scenario that is not there": (
        "run.json",
        lambda path: path.write_text(path.read_text().replace('"scenario": "write"', '"scenario": "nosuch"')),
        "its plan names the scenario 'nosuch', which it does not describe",
    ),
    "a check that is not there": (
        "run.json",
        lambda path: path.write_text(path.read_text().replace('"writes"', '"nosuch"')),
        "it names the check 'nosuch', and this twinbench knows completeness",
    ),
    "a trial elsewhere": (
        "run.json",
        lambda path: path.write_text(path.read_text().replace(TRIALS[0].id, "../elsewhere")),
        "its plan has the trial '../elsewhere', which would lie elsewhere",
    ),
    "a folder": (f"{ASYNC}/ops.arrows", put_folder, "Is a directory"),
    "a file for a folder": (
        ASYNC,
        lambda path: (shutil.rmtree(path), path.write_text("")),
        "",
    ),
    "other columns": (f"{ASYNC}/ops.arrows", write_other, "it has other columns"),
    "another outcome": (
        f"{ASYNC}/ops.arrows",
        lambda path: path.write_bytes(path.read_bytes().replace(b"okokok", b"okhaok")),
        "it has the outcome 'ha', and there are ok, fail, unknown, unsent",
    ),
}


@pytest.mark.parametrize(("name", "alter", "told"), UNFINISHED.values(), ids=UNFINISHED)
def test_of_an_unfinished_run_the_file_that_makes_no_sense_is_named(
    name: str, alter: Callable[[Path], object], told: str, run: Path, say: Say
) -> None:
    alter(run / name)
    done = say("check", str(run))
    if not told:  # as if the trial had never begun
        assert done.returncode == 3, done.stderr
        return
    assert done.returncode == 2, done.stdout
    assert_one_line(done.stderr, told)
    assert name in done.stderr


def lose_labels(run: Path) -> None:
    """Leave a sample without the labels that its reader asks for."""
    edit(run / ASYNC / "trial.json", lambda known: known["samples"][-1].update(labels={}))  # type: ignore[index]  # as JSON has it


def test_whatever_else_the_values_of_an_unfinished_run_break_is_one_line(run: Path, say: Say) -> None:
    lose_labels(run)
    done = say("check", str(run))
    assert done.returncode == 2
    assert_one_line(done.stderr, "can't be read: KeyError: 'part', in cells.py:")


@pytest.mark.parametrize("command", ["check", "report"])
def test_what_breaks_on_a_run_that_is_as_it_was_left_is_a_bug_of_ours(command: str, run: Path, say: Say) -> None:
    lose_labels(run)
    seal(run)
    done = say(command, str(run))
    assert done.returncode == 4
    assert "KeyError: 'part'" in done.stderr
    assert "this is a bug of twinbench" in done.stderr


@pytest.mark.parametrize("error", [NameError("boom"), AttributeError("boom"), AssertionError("boom")], ids=repr)
def test_what_no_value_can_cause_is_a_bug_of_ours(
    error: Exception, run: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr("harness.run.experiment", broken)
    done = say("check", str(run))
    assert done.returncode == 4
    assert "boom" in done.stderr
    assert "this is a bug of twinbench" in done.stderr


def test_a_run_that_was_killed_before_it_had_a_plan_is_unfinished(tmp_path: Path, say: Say) -> None:
    folder = Store.create(tmp_path, "r").folder
    for command in ("check", "report"):
        done = say(command, str(folder))
        assert done.returncode == 3
        assert_one_line(done.stderr, f"{folder} has no plan: its run was killed before it began")
    assert say("check", str(tmp_path)).returncode == 2  # of which nobody says that it is one


def test_the_report_of_a_run_that_is_somebody_elses_is_not_begun(
    run: Path, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != run or not mode & os.W_OK)
    done = say("report", str(run))
    assert done.returncode == 2
    assert_one_line(done.stderr, f"Nothing can be written to {run}. Copy that run to a folder of yours")
    assert not (run / "report.html").exists()


def test_a_folder_that_is_taken_away_while_a_run_lasts_is_told(tmp_path: Path) -> None:
    store = Store.create(tmp_path, "r")
    with pytest.raises(FileNotFoundError), _still_there(store.folder):
        (tmp_path / "nosuch").read_bytes()
    shutil.rmtree(store.folder)
    told = f"The run's folder {store.folder} can't be used any more: No such file"
    with pytest.raises(HarnessError, match=told), _still_there(store.folder), store.kept_if_begun():
        pass


def test_a_flipped_bit_of_ops_ends_no_process(tmp_path: Path) -> None:
    """Without validation one in fifty of these ends it by a signal, and others by an error."""
    store = Store.create(tmp_path, "r")
    write_ops(store, TRIALS[0], OPS)
    path, random = store.ops_path(TRIALS[0]), Random(1)  # noqa: S311 - to be repeated
    sound, read = path.read_bytes(), 0
    for _ in range(300):
        data = bytearray(sound)
        place = random.randrange(len(data))
        data[place] ^= 1 << random.randrange(8)
        path.write_bytes(bytes(data))
        try:
            frame = read_ops(path)
        except EvidenceUnreadable:
            continue
        rows = [] if frame is None else frame.to_dict("records")
        assert len([Op(**row) for row in rows]) <= len(OPS)
        read += len(rows)
    assert read > 300  # most of them leave most of the batches as they were


def test_a_record_comes_back_with_numbers_that_only_look_too_long(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('["1234567890123456789012", "1e999", "NaN"]')
    assert read_json(path, list[str]) == ["1234567890123456789012", "1e999", "NaN"]
    path.write_text("[0.12345678901234567890123, 9223372036854775807, -1E-300, 1e20]")
    assert len(read_json(path, list[float])) == 4
    assert not MAY_BE_BEYOND.search(b"[0.00039481716156005859]")  # as most times are: not searched one by one
    for beyond in ("9223372036854775808", "1E999", "NaN", "-Infinity", "1" + "0" * 400):
        path.write_text(f"[1,{beyond}]")
        with pytest.raises(EvidenceUnreadable, match="more than 64 bits"):
            read_json(path, list[float])
