"""An application of another shape, one module of data away: compared, cut and broken where the exhibit is not there.

The harness is copied without ``targets``; what is in its place can't be imported.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.commands.list import show_list
from harness.errors import UsageError
from harness.model.verdict import Verdict
from harness.provision.toxiproxy_binary import get_program
from harness.store import Store
from harness.workload.find import load_workload, missing_operations
from tests.fix_command_line import AS_IT_IS, ROOT, SHORTER, WATCHED_LONGER, Changed, program
from tests.sample import sampled
from tests.second_workload.app import app
from tests.second_workload.workload import WORKLOAD

Twinbench = Callable[..., tuple[int, Store]]
CHANGES = ("schema_change:alter_read_type", "schema_change:add_foreign_key:queued", "schema_change:drop_column:retried")
A_SEVENTH = {"harness.experiments.chaos.cut_map.places": "lambda *of, every=module.places: list(every(*of))[::7]"}


@pytest.fixture(scope="module")
def twinbench(tmp_path_factory: pytest.TempPathFactory) -> Twinbench:
    """The command line with the second workload, in a copy that has no exhibit; it returns exit code and stored run."""
    copy = tmp_path_factory.mktemp("copy")
    for part in ("harness", "scenarios", "tests/second_workload"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "targets").mkdir()
    (copy / "targets" / "__init__.py").write_text("raise ImportError('the exhibit has moved away')\n")
    proxy = str(get_program(print).path)

    def run(*words: str, changed: Changed = AS_IT_IS) -> tuple[int, Store]:
        done = subprocess.run(
            [*program(changed), *words, "--workload", WORKLOAD.name, "--seed", "1"],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy), "TOXIPROXY_BIN": proxy},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert (copy / "results").exists(), done.stdout + done.stderr
        return done.returncode, Store.open(copy / "results" / "latest")

    return run


def verdicts(store: Store) -> dict[str, set[Verdict]]:
    """What each check said."""
    summary = store.summary()
    assert summary is not None
    assert summary.complete
    found: dict[str, set[Verdict]] = {}
    for finding in summary.findings:
        found.setdefault(finding.check, set()).add(finding.verdict)
    return found


def test_its_twins_are_compared_and_writes_without_a_key_are_left_open(twinbench: Twinbench) -> None:
    words = ("run", "move", "--latency-ms", "0", "--blocks", "1", "--profile", "quick")
    code, store = twinbench(*words, changed=SHORTER)
    found = verdicts(store)
    assert code == 3
    assert store.record().workload == WORKLOAD.name
    assert found.pop("writes") == {Verdict.UNDECIDED}
    assert all(Verdict.FAIL not in said for said in found.values()), found
    summary = store.summary()
    assert summary is not None
    assert {one.operation for one in summary.measures.wire} == {"move", "inspect"}
    assert_none_is_stopped_with_a_lock(store)


def assert_none_is_stopped_with_a_lock(store: Store) -> None:
    """After the warm-up each request is within one slice of its target, as others need the bins that it locks."""
    record = store.record()
    for trial in record.plan.trials:
        evidence, known = store.evidence(trial, record), store.trial_record(trial)
        assert evidence is not None
        assert known is not None
        slices = [one.whole for one in known.slices]
        assert len(slices) >= 2  # there and back
        for op in evidence.ops:
            within = any(one.start_ns <= op.started_ns and op.ended_ns <= one.end_ns for one in slices)
            assert within or op.ended_ns < slices[0].start_ns


@pytest.mark.parametrize("kind", sampled(("lock_contention", "out_of_file_space", *CHANGES), ["lock_contention"]))
def test_faults_break_it_and_those_that_do_not_apply_are_left_out_with_the_reason(
    kind: str, twinbench: Twinbench
) -> None:
    faults = ("--fault", kind, "--fault", "blind_retry")
    code, store = twinbench("chaos", "--target", "wide", "--cut", "none", *faults, changed=WATCHED_LONGER)
    found, summary = verdicts(store), store.summary()
    assert summary is not None
    assert code == 3
    assert found.pop("writes") == {Verdict.UNDECIDED}
    assert all(said == {Verdict.PASS} for said in found.values()), found
    assert [row.kind for row in summary.faults if row.proof] == [kind]
    assert len(summary.faults) == 1
    (reason,) = summary.left_out
    assert "blind_retry was left out" in reason
    assert "names no unique write" in reason
    assert reason in (store.folder / "report.html").read_text()


@pytest.mark.parametrize(
    "changed", [pytest.param(A_SEVENTH, id="a seventh"), pytest.param(AS_IT_IS, id="all", marks=pytest.mark.slow)]
)
def test_cuts_count_rows_without_a_key_and_catch_a_write_that_is_halved(changed: Changed, twinbench: Twinbench) -> None:
    _, store = twinbench("chaos", "--profile", "flaws", "--target", "halved", changed=changed)
    summary = store.summary()
    assert summary is not None
    (halved,) = summary.controls
    assert halved.verdicts["cut_map"] is Verdict.FAIL
    cuts = json.loads((store.folder / "control-cuts.json").read_text())["cuts"]
    assert {cut["rows"]["movement"] for cut in cuts} == {0, 1, 2}


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_in_full(twinbench: Twinbench) -> None:
    compared = verdicts(twinbench("run", "--profile", "default")[1])
    broken = verdicts(twinbench("chaos")[1])
    for found in (compared, broken):
        assert found.pop("writes") == {Verdict.UNDECIDED}
        assert all(Verdict.FAIL not in said for said in found.values()), found
    assert broken["cut_map"] == {Verdict.PASS}


def test_an_application_without_its_operations_is_found_out() -> None:
    document = app.openapi()
    assert missing_operations(WORKLOAD, document) == []
    del document["paths"]["/moves"]
    assert missing_operations(WORKLOAD, document) == ["move (POST /moves)"]
    app.openapi_schema = None


def test_it_is_listed_by_its_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    show_list(WORKLOAD.name, tmp_path, everything=False)
    listed = capsys.readouterr().out
    assert set(listed.split()) >= {*WORKLOAD.twins, "look-up", "move"}
    assert "point-read" not in listed


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tests.second_workload.nothing:WORKLOAD", "There is no workload"),
        ("tests.second_workload.workload:NOTHING", "There is no workload"),
        ("nonsense", "There is no workload"),
        ("tests.second_workload.workload:SCENARIOS", "is a dict"),
    ],
)
def test_a_name_that_leads_to_no_workload_is_a_usage_error(name: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        load_workload(name)
