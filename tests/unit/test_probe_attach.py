"""Probes are put into applications that lack what others have."""

import os
import subprocess
import sys
from pathlib import Path


def test_an_application_that_has_no_sqlalchemy_can_be_looked_into(tmp_path: Path) -> None:
    without = "import sys; sys.modules['sqlalchemy'] = None; import harness.probe.attach"
    (tmp_path / "plain.py").write_text("app = None")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(tmp_path), *sys.path)),
        "TWINBENCH_APP": "plain:app",
        "TWINBENCH_PROBES": "loop",
        "TWINBENCH_SAMPLES": str(tmp_path),
    }
    subprocess.run([sys.executable, "-c", without], env=environment, check=True)
