"""The application under test with probes in front of it, for any ASGI server to import.

``uvicorn harness.probe.attach:app`` serves the application that ``TWINBENCH_APP`` names as
``module:attribute``. The application itself knows nothing of it.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from harness.probe.pool import FOLDER_VARIABLE, PoolGauge
from harness.probe.served import App, Served

APP_VARIABLE = "TWINBENCH_APP"


def load(name: str) -> App:
    """Import ``module:attribute``."""
    module, _, attribute = name.partition(":")
    app: App = getattr(importlib.import_module(module), attribute)
    return app


if FOLDER_VARIABLE in os.environ:
    PoolGauge(Path(os.environ[FOLDER_VARIABLE]))
app = Served(load(os.environ[APP_VARIABLE]))
