"""A real Toxiproxy for the session, and a proxy to PostgreSQL for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.provision.postgres import Postgres
from harness.provision.toxiproxy import Link, ToxiproxyServer, toxiproxy_server


@pytest.fixture(scope="session")
def toxiproxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToxiproxyServer]:
    """One server for all tests; the first run of all builds it."""
    log: Path = tmp_path_factory.mktemp("toxiproxy") / "log"
    with toxiproxy_server(log, print) as server:
        yield server


@pytest.fixture
def link(toxiproxy: ToxiproxyServer, postgres: Postgres) -> Iterator[Link]:
    """A proxy to PostgreSQL without a toxic."""
    with toxiproxy.link("test", postgres.address) as opened:
        yield opened
