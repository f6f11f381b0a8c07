"""Where and with what a run was made: enough to judge whether two runs may be compared."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from harness.provision.postgres_url import without_password

if TYPE_CHECKING:
    from harness.model.plan import Processors
    from harness.provision.testbed import Services

LIBRARIES = (
    *("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "pydantic"),
    *("sqlalchemy", "asyncpg", "psycopg", "psycopg2-binary"),
    *("locust", "geventhttpclient"),
)


def environment(services: Services, pinned: Processors | None) -> dict[str, str]:
    """Describe the machine, the versions and the services of a run, each as a short text.

    Where its parts are ``pinned`` to processors, these are told, too.
    """
    memory_gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return {
        "machine": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "cores": f"{usable_cores() if pinned is None else len({*pinned.targets, *pinned.generator, *pinned.rest})}",
        **({"kept to processors": _kept_to(pinned)} if pinned else {}),
        "memory": f"{memory_gib:.0f} GiB",
        "load before": " ".join(f"{value:.2f}" for value in os.getloadavg()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "twinbench": f"{importlib.metadata.version('twinbench')}{_commit()}",
        "postgresql": f"{services.postgres.version} ({services.postgres.origin})",
        "database": without_password(services.postgres.url),
        "toxiproxy": f"{services.toxiproxy.version} ({services.toxiproxy.origin})" if services.toxiproxy else "none",
        **{name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def usable_cores() -> int:
    """Return on how many cores we may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _kept_to(pinned: Processors) -> str:
    parts = {"targets": pinned.targets, "load generator": pinned.generator, "all else": pinned.rest}
    return ", ".join(f"{part} on {' '.join(map(str, numbers))}" for part, numbers in parts.items())


def _processor() -> str:
    """Name the processor model, which ``platform.processor()`` leaves empty on Linux."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _commit() -> str:
    """Name the commit of the checkout, and whether it was changed since; empty outside a checkout."""
    git = shutil.which("git")
    root = Path(__file__).parents[2]
    if git is None or not (root / ".git").exists():
        return ""
    ask = [git, "-C", str(root), "describe", "--always", "--dirty", "--exclude=*"]
    asked = subprocess.run(ask, capture_output=True, text=True, check=False)
    return f" at {asked.stdout.strip()}" if asked.returncode == 0 else ""
