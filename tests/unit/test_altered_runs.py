"""A sample of what tools/altered_runs.py does to stored runs by the thousand."""

import subprocess
import sys
from pathlib import Path

from tests.stored_run import passing_run

SAMPLE = 18


def test_no_altered_run_is_read_otherwise_than_it_should_be(tmp_path: Path) -> None:
    """In a process of its own: a fork of one with threads, as the suite's is by now, may never go on."""
    run = passing_run(tmp_path).folder
    argv = [sys.executable, "-m", "tools.altered_runs", str(run), "--count", str(SAMPLE), "--seed", "7"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
