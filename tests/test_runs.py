"""Whole runs, in small: to the end, killed in the middle, with a part that dies, without Toxiproxy."""

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness.analysis.measures import analyse
from harness.model.verdict import Verdict
from harness.seal import MANIFEST, is_sealed, seal
from harness.store import Store
from tests.background_run import assert_nothing_is_left, family, footprint, processors_of_each_part, running
from tests.fix_command_line import SHORTER, Say, twinbench

pytestmark = pytest.mark.timeout(300)
ONE_TARGET = ("--target", "sync")  # which is up sooner than two, and no less of a run
PROCESSORS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
NO_TOXIPROXY = {"TOXIPROXY_BIN": os.devnull + "/none"}


@pytest.fixture(scope="module", params=[1, pytest.param(2, marks=pytest.mark.slow)], ids="{} blocks".format)
def whole(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], Store]:
    """A run to its end: writes at 10 ms and pings."""
    out = tmp_path_factory.mktemp("whole")
    words = ("run", "ping", "write", "--latency-ms", "10", "--profile", "quick", "--seed", "3")
    done = twinbench(*words, "--blocks", str(request.param), "--out", str(out), timeout_s=280, changed=SHORTER)
    return done, Store.open(out / "latest")


class TestWhole:
    def test_it_ends_with_a_verdict_a_table_and_a_report(
        self, whole: tuple[subprocess.CompletedProcess[str], Store]
    ) -> None:
        done, store = whole
        summary = store.summary()
        assert summary is not None, done.stderr
        # a busy machine may unsettle a distance or the tuning; whatever the verdict is, the code says it
        assert done.returncode == {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.UNDECIDED: 3}[summary.verdict], done.stderr
        assert "Verdict: " in done.stdout
        assert "report.html" in done.stdout
        assert (store.folder / "report.html").read_text().endswith("</html>")

    def test_every_trial_is_whole_and_sound(self, whole: tuple[subprocess.CompletedProcess[str], Store]) -> None:
        _, store = whole
        summary = store.summary()
        assert summary is not None
        assert summary.complete
        blocks = summary.plan.profile.blocks
        # pings beside those of the bare applications
        assert summary.trials_done == len(summary.plan.trials) == blocks * (2 + 4)
        sound = {"completeness", "duplicate_requests", "success_rate", "writes"}
        found = {finding.check for finding in summary.findings}
        assert sound <= found
        assert {f.verdict for f in summary.findings if f.check in sound} == {Verdict.PASS}

    def test_targets_take_turns_and_no_two_are_loaded_at_once(
        self, whole: tuple[subprocess.CompletedProcess[str], Store]
    ) -> None:
        _, store = whole
        record = store.record()
        assert record.plan.sliced
        slices = []
        for trial in record.plan.trials:
            known = store.trial_record(trial)
            assert known is not None
            assert len(known.slices) >= 2  # there and back
            assert len(known.slices) % 2 == 0
            slices += [(one.whole.start_ns, one.whole.end_ns, trial.target) for one in known.slices]
        slices.sort()
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(slices))
        turns = [sum(1 for _ in group) for _, group in itertools.groupby(target for _, _, target in slices)]
        assert max(turns) <= 4  # there and back twice at most, where the coin falls so

    def test_latency_is_added_in_every_trial(self, whole: tuple[subprocess.CompletedProcess[str], Store]) -> None:
        _, store = whole
        record = store.record()
        far = [trial for trial in record.plan.trials if trial.added_ms]
        assert far
        for trial in far:
            evidence = store.evidence(trial, record)
            assert evidence is not None
            assert all("round trip took" in window.proof for window in evidence.faults)
            trips = next(
                w.round_trips for w in store.wire() if (w.target, w.operation) == (trial.target, "create_user")
            )
            fastest_ms = min(op.ended_ns - op.started_ns for op in evidence.ops) / 1e6
            assert fastest_ms >= trips * trial.added_ms  # each of its round trips paid

    def test_both_twins_make_as_many_round_trips(self, whole: tuple[subprocess.CompletedProcess[str], Store]) -> None:
        _, store = whole
        counts = {(w.operation, w.target): (w.round_trips, w.statements) for w in store.wire()}
        assert counts["create_user", "async"] == counts["create_user", "sync"] == (5.0, 5.0)
        assert counts["ping", "async"] == counts["ping", "sync"] == (0.0, 0.0)

    def test_the_report_is_made_again_from_what_is_stored(
        self, whole: tuple[subprocess.CompletedProcess[str], Store], say: Say
    ) -> None:
        done, store = whole
        before = (store.folder / "report.html").read_bytes()
        again = say("report", str(store.folder))
        assert again.returncode == done.returncode
        assert (store.folder / "report.html").read_bytes() == before

    def test_numbers_in_the_summary_are_those_of_the_evidence(
        self, whole: tuple[subprocess.CompletedProcess[str], Store]
    ) -> None:
        _, store = whole
        summary = json.loads((store.folder / "summary.json").read_text())
        cells = {(c.scenario, c.added_ms, c.target): c for c in analyse(store, store.record()).cells}
        assert len(summary["measures"]["cells"]) == len(cells) == 4
        for cell in summary["measures"]["cells"]:
            own = cells[cell["scenario"], cell["added_ms"], cell["target"]]
            assert cell["throughput_rps"]["value"] == own.throughput_rps.value > 0

    @pytest.mark.skipif(shutil.which("sha256sum") is None, reason="it has no sha256sum")
    def test_its_manifest_is_one_that_sha256sum_reads(
        self, whole: tuple[subprocess.CompletedProcess[str], Store]
    ) -> None:
        _, store = whole
        words = ("sha256sum", "--check", "--strict", "--quiet", MANIFEST)
        done = subprocess.run(words, cwd=store.folder, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_a_ledger_that_lost_a_row_fails_when_judged_again(
        self, whole: tuple[subprocess.CompletedProcess[str], Store], say: Say, tmp_path: Path
    ) -> None:
        """The check at the end of the whole line can fail: a forger takes one row out of the stored ledger."""
        _, store = whole
        copy = tmp_path / "copy"
        shutil.copytree(store.folder, copy)
        trial = next(trial for trial in store.record().plan.trials if trial.scenario == "write")
        path = copy / "trials" / trial.id / "trial.json"
        known = json.loads(path.read_text())
        key = next(iter(known["ledger"]["rows"]["posts"]))
        known["ledger"]["rows"]["posts"][key] -= 1
        path.write_text(json.dumps(known))
        told = say("check", str(copy))
        assert told.returncode == 2
        assert f"has changed since its run ended: altered trials/{trial.id}/trial.json" in told.stderr
        seal(copy)
        done = say("check", str(copy))
        assert done.returncode == 1
        assert re.search(f"partial: key {key}", done.stdout)


def test_a_run_that_is_killed_leaves_evidence_and_nothing_else(tmp_path: Path, say: Say) -> None:
    with running(tmp_path, "write", *ONE_TARGET, "--latency-ms", "20") as process:
        children = family(process)
        ports, folders = footprint(children)
        assert len(ports) >= 4  # PostgreSQL, Toxiproxy's own and its proxies, the targets
        assert len(folders) == 1
        process.kill()
        assert_nothing_is_left(children, ports, folders)
    assert not is_sealed(tmp_path / "latest")
    done = say("report", "--out", str(tmp_path))
    assert done.returncode == 3
    assert "incomplete run" in done.stdout
    assert "undecided: plan: The run did not come to its end" in done.stdout
    assert "This run is incomplete" in (tmp_path / "latest" / "report.html").read_text()


def test_ctrl_c_ends_a_run_as_a_shorter_one(tmp_path: Path) -> None:
    """What it has measured by then stands, with a verdict; here it lacks Toxiproxy, and that is all that it lacks."""
    pinned = ("--pin",) if PROCESSORS > 1 else ()
    with running(tmp_path, "point-read", *ONE_TARGET, *pinned, **NO_TOXIPROXY) as process:
        children = family(process)
        told = processors_of_each_part(children) if pinned else None
        ports, folders = footprint(children)
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("*/trials/03-*/ops.arrows")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 130, out + err
        assert_nothing_is_left(children, ports, folders)
    assert "interrupted" in err
    assert "Traceback" not in err
    assert "incomplete" not in out
    assert is_sealed(tmp_path / "latest")
    summary = Store.open(tmp_path / "latest").summary()
    assert summary is not None
    assert summary.environment.get("kept to processors") == told
    assert summary.trials_done == len(summary.plan.trials) >= 1
    assert [finding.code for finding in summary.findings if finding.verdict is not Verdict.PASS] == ["left_out"]
    assert_compared_at_0_ms_only(tmp_path)


def assert_compared_at_0_ms_only(out: Path) -> None:
    """Without Toxiproxy, and the report says so."""
    report = (out / "latest" / "report.html").read_text()
    assert "Not compared at 20 ms from the database" in report
    assert "TOXIPROXY_BIN" in report
    summary = Store.open(out / "latest").summary()
    assert summary is not None
    assert {cell.added_ms for cell in summary.measures.cells} == {0}


@pytest.mark.parametrize(
    "part",
    [
        "postgres",
        pytest.param("uvicorn", marks=pytest.mark.slow),
        pytest.param("toxiproxy", marks=pytest.mark.slow),
        pytest.param("scenarios.locust.generator", marks=pytest.mark.slow),
    ],
)
def test_a_part_that_dies_ends_the_run_in_one_line(tmp_path: Path, part: str) -> None:
    with running(tmp_path, "point-read", *ONE_TARGET, "--latency-ms", "20") as process:
        children = family(process)
        ports, folders = footprint(children)
        victims = [child for child in children if part in " ".join(child.cmdline()[:4])]
        for victim in victims:
            victim.kill()
        assert victims
        _, err = process.communicate(timeout=120)
        assert process.returncode == 4, err
        assert_nothing_is_left(children, ports, folders)
    lines = [line for line in err.splitlines() if line.startswith("twinbench: ")]
    assert "Traceback" not in err
    assert len(lines) == 1
    assert is_sealed(tmp_path / "latest")


@pytest.mark.slow
def test_without_toxiproxy_it_compares_to_the_end(tmp_path: Path) -> None:
    words = ("run", "point-read", "--profile", "quick", "--blocks", "1", "--out", str(tmp_path))
    done = twinbench(*words, **NO_TOXIPROXY, timeout_s=280)
    assert done.returncode == 3, done.stdout + done.stderr
    assert_compared_at_0_ms_only(tmp_path)
