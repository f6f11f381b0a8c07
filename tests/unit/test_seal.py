"""A run that has changed since it ended is told from one that has not, and nothing in its folder ends the reader."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.seal import MANIFEST, evidence_files, is_sealed, seal
from harness.store import Store
from harness.stored_file import MAX_BYTES
from tests.fix_command_line import Say, assert_one_line
from tests.stored_run import RECORD, TRIALS, edit, passing_run, put_folder

ASYNC, SYNC = (f"trials/{trial.id}" for trial in TRIALS)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that passes."""
    return passing_run(tmp_path).folder


def exchange(first: Path, second: Path) -> None:
    """Let two files or folders swap their names."""
    aside = first.with_name("aside")
    first.rename(aside)
    second.rename(first)
    aside.rename(second)


def put_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def put_link(path: Path) -> None:
    elsewhere = path.parents[3] / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def only_the_first_trial(record: dict[str, object]) -> None:
    record["plan"]["trials"] = record["plan"]["trials"][:1]  # type: ignore[index]  # as JSON has it


def no_checks(record: dict[str, object]) -> None:
    record["scenarios"][0]["checks"] = []  # type: ignore[index]  # the same


ALTERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a plan cut down": (lambda run: edit(run / "run.json", only_the_first_trial), "altered run.json."),
    "checks emptied": (lambda run: edit(run / "run.json", no_checks), "altered run.json."),
    "a trial edited": (
        lambda run: edit(run / ASYNC / "trial.json", lambda known: known["samples"].pop()),  # type: ignore[attr-defined]  # the same
        f"altered {ASYNC}/trial.json.",
    ),
    "trials exchanged": (
        lambda run: exchange(run / ASYNC, run / SYNC),
        f"altered {ASYNC}/ops.arrows, {ASYNC}/trial.json, {SYNC}/ops.arrows, {SYNC}/trial.json.",
    ),
    "ops emptied": (lambda run: (run / ASYNC / "ops.arrows").write_bytes(b""), f"altered {ASYNC}/ops.arrows."),
    "a plan lost": (lambda run: (run / "run.json").unlink(), "missing run.json."),
    "a trial lost": (
        lambda run: shutil.rmtree(run / ASYNC),
        f"missing {ASYNC}/ops.arrows, {ASYNC}/trial.json.",
    ),
    "a file added": (lambda run: (run / "cuts.json").write_text("{}"), "added cuts.json."),
    "many added": (
        lambda run: [(run / f"note-{number}").touch() for number in range(7)],
        "added note-0, note-1, note-2, note-3, note-4 and 2 more.",
    ),
    "a name with a line feed": (lambda run: (run / "a\nb").touch(), "added a\\nb."),
    "altered, lost and added": (
        lambda run: ((run / "run.json").write_text("{"), exchange_name(run / "wire.json")),
        "altered run.json; missing wire.json; added wire.jsonx.",
    ),
    "a folder for a file": (lambda run: put_folder(run / "wire.json"), "missing wire.json."),
    "a pipe": (lambda run: put_pipe(run / "wire.json"), "wire.json can't be read: it is no regular file."),
    "a link": (
        lambda run: put_link(run / ASYNC / "trial.json"),
        f"{ASYNC}/trial.json can't be read: it is no regular file.",
    ),
    "a report's folder": (lambda run: (run / "report.html").mkdir(), "report.html can't be read"),
    "no end": (lambda run: os.truncate(run / "wire.json", 1 << 40), f"bytes, more than {MAX_BYTES}."),
    "a manifest of something else": (lambda run: (run / MANIFEST).write_text("so\n"), "line 1 is none of sha256sum."),
    "a manifest that is empty": (lambda run: (run / MANIFEST).write_text(""), "added run.json,"),
    "a manifest that is cut off": (
        lambda run: os.truncate(run / MANIFEST, (run / MANIFEST).stat().st_size - 9),
        "added wire.json.",
    ),
    "a manifest that never ends": (lambda run: put_pipe(run / MANIFEST), "it is no regular file."),
}


def exchange_name(path: Path) -> None:
    path.rename(path.with_suffix(".jsonx"))


def test_as_it_was_left_it_passes(run: Path, say: Say) -> None:
    (run / "logs" / "async.log").write_text("more")
    (run / ".DS_Store").touch()
    for _ in range(2):  # the second time with a summary and a report
        done = say("check", str(run))
        assert (done.returncode, done.stderr) == (0, "")
        assert say("report", str(run)).returncode == 0
    assert (run / "report.html").exists()


@pytest.mark.parametrize(("alter", "told"), ALTERED.values(), ids=ALTERED)
def test_what_was_altered_is_named_in_one_line(alter: Callable[[Path], object], told: str, run: Path, say: Say) -> None:
    alter(run)
    for command in ("check", "report"):
        done = say(command, str(run))
        assert done.returncode == 2, done.stdout
        assert_one_line(done.stderr.replace(MANIFEST, ""), told.rstrip("."))
        assert told in done.stderr
    assert not (run / "summary.json").exists()


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="it has no sha256sum")
def test_sha256sum_reads_the_manifest(run: Path) -> None:
    def code() -> int:
        words = ("sha256sum", "--check", "--strict", "--status", MANIFEST)
        return subprocess.run(words, cwd=run, check=False).returncode

    assert code() == 0
    (run / "wire.json").write_text("[]")
    assert code() == 1


def test_plan_and_evidence_are_sealed_and_nothing_else(run: Path) -> None:
    for name in ("summary.json", "report.html", "logs/async.log", ".tmp"):
        (run / name).touch()
    aside = "set-aside/disturbed-1"
    expected = [f"{folder}/{name}" for folder in (aside, ASYNC, SYNC) for name in ("ops.arrows", "trial.json")]
    assert evidence_files(run) == ["run.json", *expected, "wire.json"]
    assert [line.split("  ")[1] for line in (run / MANIFEST).read_text().splitlines()] == evidence_files(run)


def test_without_a_manifest_a_run_is_unfinished(run: Path, say: Say) -> None:
    (run / MANIFEST).unlink()
    done = say("check", str(run))
    assert done.returncode == 3
    assert "The run did not come to its end" in done.stdout
    assert say("report", str(run)).returncode == 3


def test_a_run_that_answers_for_nothing_is_undecided(run: Path, say: Say) -> None:
    edit(run / "run.json", no_checks)
    seal(run)
    done = say("check", str(run))
    assert done.returncode == 3
    assert "No trial has a check to answer for" in done.stdout


def test_a_run_that_is_sealed_says_so(tmp_path: Path) -> None:
    store = Store.create(tmp_path, "r")
    store.write_record(replace(RECORD, run="r"))
    assert not is_sealed(store.folder)
    seal(store.folder)
    assert is_sealed(store.folder)
