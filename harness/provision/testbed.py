"""What is up while trials run: the parts of a run, and a block's fresh targets with a link each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from harness.errors import PartDied, PartMissing
from harness.model.plan import Target
from harness.model.workload import Workload
from harness.provision.database import seed
from harness.provision.meter import Route, routes
from harness.provision.postgres import Postgres, postgres_at, postgres_server, url_through
from harness.provision.target import RunningTarget, target_process, wait_until_serving
from harness.provision.toxiproxy import Link, ToxiproxyServer, toxiproxy_at, toxiproxy_server


@dataclass(frozen=True, kw_only=True)
class Parts:
    """PostgreSQL with a workload's schema in place, and Toxiproxy, or in its stead why there is none."""

    workload: Workload
    postgres: Postgres
    toxiproxy: ToxiproxyServer | None
    without_toxiproxy: str


@dataclass(frozen=True, kw_only=True)
class Testbed:
    """One block's targets, each with its own way to PostgreSQL.

    ``links`` is empty where there is no Toxiproxy; ``routes`` holds an open connection by every way:
    one "direct", one "clean" (through a proxy that has no toxic), and one a target.
    """

    parts: Parts
    targets: dict[str, RunningTarget]
    links: dict[str, Link]
    routes: dict[str, Route]


@contextmanager
def provisioned(
    *,
    workload: Workload,
    postgres_url: str | None,
    toxiproxy_url: str | None,
    log: Callable[[str], Path],
    say: Callable[[str], None],
) -> Iterator[Parts]:
    """Bring up PostgreSQL and Toxiproxy for a run.

    Args:
        workload: Whose tables are made.
        postgres_url: The user's server, or None for one of our own.
        toxiproxy_url: The user's server, or None for one of our own.
        log: Where the log of a part goes, by its name.
        say: Told in a sentence what is going on.

    Raises:
        HarnessError: A part is needed and can't be had. Toxiproxy is not needed: a run without it
            compares at 0 ms, and ``without_toxiproxy`` says why.
    """
    with ExitStack() as stack:
        say("Starting PostgreSQL")
        postgres = stack.enter_context(postgres_at(postgres_url) if postgres_url else postgres_server())
        say("Migrating to the newest schema")
        workload.database.migrate(postgres.url)
        toxiproxy, reason = None, ""
        try:
            toxiproxy = stack.enter_context(
                toxiproxy_at(toxiproxy_url) if toxiproxy_url else toxiproxy_server(log("toxiproxy"), say)
            )
        except PartMissing as error:
            reason = str(error)
        try:
            yield Parts(workload=workload, postgres=postgres, toxiproxy=toxiproxy, without_toxiproxy=reason)
        except psycopg2.Error as error:
            said = str(error).strip().splitlines() or [type(error).__name__]
            raise PartDied(
                f"PostgreSQL ({postgres.origin}) does not answer any more: {said[0]}",
                "See why it ended, and start the run again",
            ) from error


@contextmanager
def fresh_testbed(parts: Parts, targets: Sequence[Target], log: Callable[[str], Path]) -> Iterator[Testbed]:
    """Seed the database anew and start fresh target processes, side by side.

    Args:
        parts: What the run has.
        targets: What to start.
        log: Where the log of a part goes, by its name.
    """
    url = parts.postgres.url
    with ExitStack() as stack:
        links: dict[str, Link] = {}
        ways = {"direct": url}
        if parts.toxiproxy:
            for name in ("clean", *(target.name for target in targets)):
                link = stack.enter_context(parts.toxiproxy.link(name, parts.postgres.address))
                ways[name] = url_through(url, link.port)
                links[name] = link
        running = {
            target.name: stack.enter_context(
                target_process(parts.workload, target, ways.get(target.name, url), log(target.name))
            )
            for target in targets
        }
        seed(url, parts.workload.database)
        open_routes = stack.enter_context(routes(ways))
        for target in running.values():
            wait_until_serving(target)
        yield Testbed(parts=parts, targets=running, links=links, routes=open_routes)
