"""A small chaos run by the command line, on real parts; and the same run judged again."""

import json
import shlex
from pathlib import Path

import pytest

from harness.console import findings_text
from harness.model.verdict import Verdict
from harness.seal import MANIFEST, seal
from harness.store import Store
from targets.catalog import ON_PSYCOPG
from tests.fix_command_line import WATCHED_LONGER, Said, Say, twinbench

WORDS = ("chaos", "--target", "sync", "--target", "async:psycopg", "--cut", "none", "--fault", "terminate_backend")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, say: Say) -> tuple[Said, Store]:
    """A fault on a twin of each kind, on two drivers."""
    out = tmp_path_factory.mktemp("chaos")
    done = say(*WORDS, "--out", str(out), changed=WATCHED_LONGER)
    return done, Store.open(out / "latest")


def test_the_command_on_record_and_in_the_report_is_the_one_that_was_given_with_the_seed_that_was_drawn(
    whole: tuple[Said, Store],
) -> None:
    _, store = whole
    record = store.record()
    words = [*WORDS, "--out", str(store.folder.parent), "--seed", str(record.plan.seed)]
    assert record.command == shlex.join(["twinbench", *words])
    assert f"<code>{record.command}</code>" in (store.folder / "report.html").read_text()


def test_it_ends_with_a_verdict_and_a_report(whole: tuple[Said, Store]) -> None:
    done, store = whole
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 faults, 2 took effect" in done.stdout
    page = (store.folder / "report.html").read_text()
    assert "no write was ever partial" in page
    assert "terminate_backend" in page


def test_every_write_has_a_fate_and_every_fault_a_proof(
    whole: tuple[Said, Store],
) -> None:
    _, store = whole
    summary = store.summary()
    assert summary is not None
    assert (summary.kind, summary.complete, summary.trials_done) == ("chaos", True, 2)
    assert [row.kind for row in summary.faults] == ["terminate_backend"] * 2
    assert all(row.proof and row.in_transaction and row.recovered_s is not None for row in summary.faults)
    checks = {finding.check for finding in summary.findings}
    assert checks == {"completeness", "confirmed", "writes", "invariants", "deadline", "recovery"}


def test_judged_again_it_has_the_same_findings_byte_for_byte(whole: tuple[Said, Store], say: Say) -> None:
    done, store = whole
    summary = store.summary()
    assert summary is not None
    again = say("check", str(store.folder))
    assert again.stdout == findings_text(summary.findings) + "\n"
    assert again.returncode == done.returncode


def test_a_stored_run_that_was_tampered_with_is_judged_as_what_it_is(whole: tuple[Said, Store], say: Say) -> None:
    """The verdict comes from the evidence, not from what an earlier judgement wrote."""
    _, store = whole
    path = next((store.folder / "trials").iterdir()) / "trial.json"
    kept, manifest = path.read_text(), (store.folder / MANIFEST).read_text()
    record = json.loads(kept)
    rows = record["ledger"]["rows"]
    key = next(key for key in rows["audit_log"] if rows["posts"].get(key))
    del rows["audit_log"][key]
    try:
        path.write_text(json.dumps(record))
        seal(store.folder)  # as a forger would; else the change is refused
        again = say("check", str(store.folder))
    finally:
        path.write_text(kept)
        (store.folder / MANIFEST).write_text(manifest)
    assert again.returncode == 1
    (bad,) = [line for line in again.stdout.splitlines() if line.startswith(f"{Verdict.FAIL}: ")]
    assert bad.startswith(f"fail: writes in {record['trial']['id']}: Writes are partial; measured: ")
    assert f"first: partial: key {key}: " in bad
    assert "not those that are stored" in again.stdout


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_cut_and_every_fault_is_survived_on_psycopg(tmp_path: Path) -> None:
    chosen = [word for name in ON_PSYCOPG for word in ("--target", name)]
    done = twinbench("chaos", *chosen, "--out", str(tmp_path), timeout_s=1800)
    assert done.returncode == 0, done.stdout + done.stderr
