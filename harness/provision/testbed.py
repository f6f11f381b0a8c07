"""What is up while a run lasts: its services, and each target on its way to PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from harness.errors import PartDied, PartMissing, UsageError
from harness.model.plan import Target
from harness.model.workload import Workload
from harness.provision.addresses import HOST, url_through
from harness.provision.postgres import Postgres, first_line, postgres_at, postgres_server, require_postgres_url
from harness.provision.relay import Relay, relaying
from harness.provision.target import RunningTarget, target_process
from harness.provision.toxiproxy import Link, ToxiproxyServer, toxiproxy_at, toxiproxy_server


@dataclass(frozen=True, kw_only=True)
class Services:
    """PostgreSQL with a workload's schema in place, and Toxiproxy, or in its stead why there is none."""

    workload: Workload
    postgres: Postgres
    toxiproxy: ToxiproxyServer | None
    without_toxiproxy: str


@dataclass(frozen=True, kw_only=True)
class Testbed:
    """One target on its way to PostgreSQL, which leads through Toxiproxy where there is one, unless it is direct.

    ``url`` is PostgreSQL by that way.
    """

    services: Services
    running: RunningTarget
    url: str
    link: Link | None

    @property
    def proxy(self) -> Link:
        """The link of a testbed that can't do without one.

        Raises:
            UsageError: The target reaches PostgreSQL without one.
            PartMissing: There is no Toxiproxy.
        """
        if self.running.target.direct:
            said = f"{self.running.target.name} reaches PostgreSQL without Toxiproxy, so nothing can be injected there"
            raise UsageError(said, "Choose another target, or no added latency (--latency-ms 0)")
        if self.link is None:
            raise PartMissing(f"Toxiproxy is needed: {self.services.without_toxiproxy}", "Run 'twinbench doctor'")
        return self.link


@dataclass(frozen=True, kw_only=True)
class RelayedTestbed(Testbed):
    """One with a relay between Toxiproxy and PostgreSQL, that counts and captures what is said. Not for timing."""

    relay: Relay


@contextmanager
def started_services(
    *,
    workload: Workload,
    postgres_url: str | None,
    toxiproxy_url: str | None,
    log: Callable[[str], Path],
    say: Callable[[str], None],
) -> Iterator[Services]:
    """Bring up PostgreSQL and Toxiproxy for a run.

    The URLs are those of the user's servers, or None for servers of our own. ``log`` says where the log of a part goes,
    by its name, and ``say`` is told in a sentence what is going on.

    Raises:
        HarnessError: A part is needed and can't be had. Toxiproxy is not needed: a run without it
            compares at 0 ms, and ``without_toxiproxy`` says why.
    """
    if postgres_url is not None:
        require_postgres_url(postgres_url)
    with ExitStack() as stack:
        # first, as a wrong URL is then told before anything that takes seconds
        toxiproxy, reason = None, ""
        try:
            toxiproxy = stack.enter_context(
                toxiproxy_server(log("toxiproxy"), say) if toxiproxy_url is None else toxiproxy_at(toxiproxy_url)
            )
        except PartMissing as error:
            reason = str(error)
        say("Starting PostgreSQL")
        postgres = stack.enter_context(postgres_server() if postgres_url is None else postgres_at(postgres_url))
        say("Migrating to the newest schema")
        workload.database.migrate(postgres.url)
        try:
            yield Services(workload=workload, postgres=postgres, toxiproxy=toxiproxy, without_toxiproxy=reason)
        except psycopg2.Error as error:
            raise PartDied(
                f"PostgreSQL ({postgres.origin}) does not answer any more: {first_line(error)}",
                "See why it ended, and start the run again",
            ) from error


@contextmanager
def open_testbed(
    services: Services, target: Target, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Testbed]:
    """Start a target at once, behind a link of its own named after its log; ``wait_until_serving`` says when it serves.

    ``environment`` has variables for it, beside those that every target has.
    """
    with (
        _linked(services, target, log.stem, services.postgres.address) as (url, link),
        target_process(services.workload, target, url, log, environment=environment) as running,
    ):
        yield Testbed(services=services, running=running, url=url, link=link)


@contextmanager
def open_relayed_testbed(services: Services, target: Target, log: Path) -> Iterator[RelayedTestbed]:
    """Start a target as ``open_testbed`` does, with a relay in front of PostgreSQL."""
    with (
        relaying(services.postgres.address) as relay,
        _linked(services, target, log.stem, (HOST, relay.port)) as (url, link),
        target_process(services.workload, target, url, log) as running,
    ):
        yield RelayedTestbed(services=services, running=running, url=url, link=link, relay=relay)


@contextmanager
def _linked(
    services: Services, target: Target, name: str, upstream: tuple[str, int]
) -> Iterator[tuple[str, Link | None]]:
    """Lead a link to ``upstream``, if there is Toxiproxy and the target is to use it; yield PostgreSQL's URL by it."""
    url = services.postgres.url
    if services.toxiproxy is None or target.direct:
        yield url if upstream == services.postgres.address else url_through(url, upstream[1]), None
        return
    with services.toxiproxy.link(name, upstream) as link:
        yield url_through(url, link.port), link
