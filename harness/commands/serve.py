"""Serve one target with its database and proxy, to try by hand."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote, urlsplit

from harness.errors import PartDied, UsageError
from harness.provision.addresses import accepts, url_through
from harness.provision.database import seed
from harness.provision.postgres_url import without_password
from harness.provision.processes import temporary_folder
from harness.provision.target import target_process, wait_until_serving
from harness.provision.testbed import started_services
from harness.terminal import Terminal
from harness.workload.find import chosen_targets, load_workload

POLL_S = 0.2


def serve(workload_name: str, name: str, port: int, postgres_url: str | None, toxiproxy_url: str | None) -> None:
    """Serve the target of this name on ``port`` until somebody interrupts it.

    Raises:
        UsageError: The port is taken, or no target has that name.
        PartDied: The target ended by itself.
    """
    console = Terminal(stderr=True)
    workload = load_workload(workload_name)
    target = chosen_targets(workload, [name])[name]
    tuple(workload.settings(target))  # a variable that is malformed is told before anything is started
    if accepts(port):
        raise UsageError(f"Port {port} is taken", "Name another by --port")

    def say(sentence: str) -> None:
        console.print(f"{sentence} …")

    with (
        temporary_folder("twinbench-serve-", within=Path(tempfile.gettempdir())) as logs,
        started_services(
            workload=workload,
            postgres_url=postgres_url,
            toxiproxy_url=toxiproxy_url,
            log=lambda name: logs / f"{name}.log",
            say=say,
        ) as services,
        ExitStack() as stack,
    ):
        url = through = services.postgres.url
        seed(url, workload.database)
        if services.toxiproxy is None:
            console.print(f"Without a proxy: {services.without_toxiproxy}", style="yellow")
        elif not target.direct:
            link = stack.enter_context(services.toxiproxy.link(target.name, services.postgres.address))
            console.print(f"Toxiproxy  {services.toxiproxy.url} (proxy {link.proxy.name})")
            through = url_through(url, link.port)
        running = stack.enter_context(target_process(workload, target, through, logs / "target.log", port))
        wait_until_serving(running)
        told = f"PostgreSQL {_password_file(through, logs)}psql {without_password(through)}"
        console.print(told, soft_wrap=True)
        console.print(f"API        {running.url}/docs  (Ctrl-C ends everything)")
        while running.child.running():
            time.sleep(POLL_S)
        raise PartDied(f"{running.child.name} ended: {running.child.last_words()}", "Fix the cause and start it again")


def _password_file(url: str, folder: Path) -> str:
    """Write the password of ``url`` where PostgreSQL's programs look for it, and return the variable that says where.

    In words to copy it would be on the screen, and then among the arguments of psql for every user to read.
    """
    password = urlsplit(url).password
    if password is None:
        return ""
    file = folder / "pgpass"
    file.touch(mode=0o600)  # psql ignores one that others may read
    escaped = unquote(password).replace("\\", "\\\\").replace(":", "\\:")
    file.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
    return f"PGPASSFILE={file} "
