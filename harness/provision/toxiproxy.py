"""The Toxiproxy server of a run, and what the client library lacks: timeouts, and errors that are raised."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from http import HTTPStatus
from json import dumps, loads
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import toxiproxy.api
from toxiproxy import Toxiproxy
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists
from toxiproxy.proxy import Proxy

from harness.errors import HarnessError, PartDied, UsageError
from harness.provision.addresses import HOST, accepts, free_port, require_loopback
from harness.provision.http_connection import Connection, get
from harness.provision.processes import Child, Launch, started, undone_if_killed, wait_until
from harness.provision.toxiproxy_binary import get_program

REQUEST_TIMEOUT_S = 5.0
START_TIMEOUT_S = 10.0


class _Requests(threading.local):
    """What the client library knows as ``requests``: a kept connection a thread, with a time limit and with 5xx raised.

    The library (0.1.1) passes no timeout and looks at 400, 404 and 409 only; an answer has what it looks at.
    """

    def __init__(self, url: str) -> None:
        self._connection = Connection(url, REQUEST_TIMEOUT_S)

    def __getattr__(self, method: str) -> Callable[..., SimpleNamespace]:
        def call(*, url: str, json: object = None, **_unused: None) -> SimpleNamespace:
            body = b"" if json is None else dumps(json).encode()
            try:
                reply = self._connection.ask(method.upper(), urlsplit(url).path, body, {})
            except OSError as error:
                raise PartDied(
                    f"Toxiproxy did not answer {method.upper()} {url}: {type(error).__name__}",
                    "Check that the Toxiproxy server still runs",
                ) from error
            if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise HarnessError(
                    f"Toxiproxy answered {reply.status} to {method.upper()} {url}: {reply.body.decode().strip()}",
                    "Read the Toxiproxy server's log",
                )
            return SimpleNamespace(status_code=reply.status, content=bytes(reply.body), json=lambda: loads(reply.body))

        return call


@dataclass(frozen=True, kw_only=True)
class Link:
    """One proxy between one client and PostgreSQL, at a loopback port of its own."""

    name: str
    port: int
    proxy: Proxy

    def add_toxic(self, name: str, kind: str, stream: str, **attributes: int) -> None:
        """Put a toxic in force, and read it back.

        Raises:
            HarnessError: Toxiproxy refused it, or does not hold what it was told.
        """
        try:
            wanted = {"name": name, "type": kind, "stream": stream, "toxicity": 1.0, "attributes": attributes}
            # the library's own add_toxic drops the answer, which says what is held
            held = APIConsumer.post(f"/proxies/{self.proxy.name}/toxics", json=wanted).json()
        except (InvalidToxic, NotFound, ProxyExists) as error:
            raise HarnessError(
                f"Toxiproxy refused toxic {kind} {attributes} on {self.name}: {error}",
                "Check the toxic's name and attributes against Toxiproxy's documentation",
            ) from error
        if any(held["attributes"].get(key) != value for key, value in attributes.items()):
            raise HarnessError(
                f"Toxiproxy holds {held['attributes']} on {self.name}, not {attributes}",
                "Use Toxiproxy 2.12 for this run alone",
            )

    def disable(self) -> None:
        """Drop every connection and refuse new ones."""
        self.proxy.disable()

    def enable(self) -> None:
        """Accept connections again."""
        self.proxy.enable()

    def point_at(self, upstream: str) -> None:
        """Lead new connections to ``host:port``; those that are open are dropped.

        Raises:
            HarnessError: Toxiproxy does not hold what it was told.
        """
        held = APIConsumer.post(f"/proxies/{self.proxy.name}", json={"upstream": upstream}).json()
        if held.get("upstream") != upstream:
            raise HarnessError(
                f"Toxiproxy leads {self.name} to {held.get('upstream')}, not to {upstream}",
                "Use Toxiproxy 2.12 for this run alone",
            )

    def remove_toxic(self, name: str) -> None:
        """Take a toxic out of force; one that is not there is no error."""
        with suppress(NotFound):
            self.proxy.destroy_toxic(name)


@dataclass(frozen=True, kw_only=True)
class ToxiproxyServer:
    """A running Toxiproxy. ``child`` is None where it is the user's own."""

    url: str
    version: str
    origin: str
    child: Child | None

    @contextmanager
    def link(self, name: str, upstream: tuple[str, int]) -> Iterator[Link]:
        """Open a proxy to ``upstream`` for as long as the context lasts, under a name of this run's own."""
        host, port = upstream
        unique = f"twinbench-{name}-{secrets.token_hex(4)}"
        with nullcontext() if self.child else undone_if_killed(toxiproxy=self.url, proxy=unique):
            proxy = _client(self.url).create(upstream=f"{host}:{port}", name=unique, listen=f"{HOST}:0")
            try:
                yield Link(name=name, port=int(proxy.listen.rpartition(":")[2]), proxy=proxy)
            finally:
                # a server that died has taken its proxies along, and its death is reported where it hurt
                with suppress(NotFound, PartDied):
                    proxy.destroy()


@contextmanager
def toxiproxy_server(log: Path, say: Callable[[str], None]) -> Iterator[ToxiproxyServer]:
    """Run a Toxiproxy of our own on a free loopback port.

    Raises:
        PartMissing: The program can be had in no way.
        PartDied: It did not come up.
    """
    program = get_program(say)
    port = free_port()
    argv = [program.path, "-host", HOST, "-port", str(port)]
    quiet = {"LOG_LEVEL": "warn"}  # its request log is written while load runs
    with started(f"Toxiproxy ({program.path})", argv, log=log, launch=Launch(environment=quiet)) as child:
        wait_until(lambda: accepts(port), child, START_TIMEOUT_S)
        yield ToxiproxyServer(url=f"http://{HOST}:{port}", version=program.version, origin=program.origin, child=child)


@contextmanager
def toxiproxy_at(url: str) -> Iterator[ToxiproxyServer]:
    """Use the user's Toxiproxy server; proxies of this run are added to it and removed again.

    Raises:
        UsageError: The URL is malformed or not loopback, or no Toxiproxy answers there.
    """
    require_loopback(url, "--toxiproxy-url")
    try:
        said = loads(get(f"{url.rstrip('/')}/version", REQUEST_TIMEOUT_S).body).get("version", "unknown")
    except (OSError, ValueError, AttributeError) as error:
        raise UsageError(
            f"No Toxiproxy answers at --toxiproxy-url {url}",
            "Start toxiproxy-server there, or leave the option out",
        ) from error
    yield ToxiproxyServer(url=url, version=str(said), origin=f"--toxiproxy-url {url}", child=None)


def _client(url: str) -> Toxiproxy:
    """Return the library's client, which has one host and port for the whole process."""
    parts = urlsplit(url)
    toxiproxy.api.requests = _Requests(url)
    client = Toxiproxy()
    client.update_api_consumer(parts.hostname, parts.port)
    return client
