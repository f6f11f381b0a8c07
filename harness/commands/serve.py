"""Serve one target with its database and proxy, for a person to try by hand."""

from __future__ import annotations

import tempfile
import time
from contextlib import AbstractContextManager
from pathlib import Path

from rich.console import Console

from harness.errors import PartDied, UsageError
from harness.model.plan import Target
from harness.model.workload import Workload
from harness.provision.database import seed
from harness.provision.loopback import accepts
from harness.provision.postgres import url_through
from harness.provision.processes import temporary_folder
from harness.provision.target import RunningTarget, target_process, wait_until_serving
from harness.provision.testbed import provisioned

POLL_S = 0.2


def serve(workload: Workload, target: Target, port: int, postgres_url: str | None, toxiproxy_url: str | None) -> None:
    """Serve ``target`` on ``port`` until somebody interrupts it.

    Raises:
        UsageError: The port is taken.
        PartDied: The target ended by itself.
    """
    console = Console(stderr=True)
    if accepts(port):
        raise UsageError(f"Port {port} is taken", "Name another by --port")

    def say(sentence: str) -> None:
        console.print(f"{sentence} …", markup=False, highlight=False)

    with (
        temporary_folder("twinbench-up-", within=Path(tempfile.gettempdir())) as logs,
        provisioned(
            workload=workload,
            postgres_url=postgres_url,
            toxiproxy_url=toxiproxy_url,
            log=lambda name: logs / f"{name}.log",
            say=say,
        ) as parts,
    ):
        url = parts.postgres.url
        seed(url, workload.database)
        if parts.toxiproxy is None:
            console.print(f"Without a proxy: {parts.without_toxiproxy}", style="yellow", markup=False)
            _serve(target_process(workload, target, url, logs / "target.log", port), url, console)
            return
        with parts.toxiproxy.link(target.name, parts.postgres.address) as link:
            console.print(f"Toxiproxy  {parts.toxiproxy.url} (proxy {link.proxy.name})", highlight=False)
            through = url_through(url, link.port)
            _serve(target_process(workload, target, through, logs / "target.log", port), through, console)


def _serve(process: AbstractContextManager[RunningTarget], database_url: str, console: Console) -> None:
    with process as running:
        wait_until_serving(running)
        console.print(f"PostgreSQL {database_url}", markup=False, highlight=False, soft_wrap=True)
        console.print(f"API        {running.url}/docs  (Ctrl-C ends everything)", highlight=False)
        while running.child.running():
            time.sleep(POLL_S)
        raise PartDied(f"{running.child.name} ended: {running.child.last_words()}", "Mend the cause and start it again")
