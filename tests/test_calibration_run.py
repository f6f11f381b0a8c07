"""A calibration in small: a target held against itself, and a calibration that is stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from harness.errors import ExitCode
from harness.provision import reaper
from tests.fix_command_line import ROOT
from tools.calibration.carry_out import LOG, outcomes
from tools.calibration.course import course
from tools.calibration.report import line

pytestmark = pytest.mark.timeout(300)


@pytest.mark.slow  # a comparison like those of test_runs, by another workload
def test_a_target_is_held_against_itself_once(tmp_path: Path) -> None:
    step = replace(
        next(step for step in course(1) if step.targets[0] == "async" and not step.percent),
        scenarios=("point-read",),
        added_ms=(0,),
        blocks=2,
    )
    said: list[str] = []
    (known,) = outcomes([step], tmp_path, said.append)
    assert [one.metric for one in known.comparisons] == ["throughput", "processor"]
    assert {(one.first, one.second) for one in known.comparisons} == {("async", "async:again")}
    assert known.summary.plan.blocks == 2
    assert [prefix.comparison.metric for prefix in known.prefixes] == ["throughput", "processor"]
    assert {prefix.blocks for prefix in known.prefixes} <= {1, 2}
    assert "of 2 different" in line(known)
    assert len(said) == 1
    assert list(outcomes([step], tmp_path, said.append)) == [known]
    assert len(said) == 1  # it was not made again


def test_it_can_be_stopped_and_says_how_to_go_on(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.calibration", "--share", "0.01", "--out", str(tmp_path / "out")],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 120
        while not any(log.stat().st_size for log in tmp_path.glob(f"out/*/{LOG}")) and time.monotonic() < deadline:
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == ExitCode.UNDECIDED
    assert "The same command goes on" in told
    assert reaper._still_running(children, 60) == []
    stored = [json.loads(path.read_text()) for path in tmp_path.glob("out/*/*/run.json")]
    assert not any(record["took_s"] for record in stored)
