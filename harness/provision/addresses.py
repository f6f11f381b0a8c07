"""Addresses: all that the harness talks to is on the loopback interface."""

from __future__ import annotations

import ipaddress
import secrets
import socket
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

from harness.errors import HarnessError, UsageError

HOST = "127.0.0.1"
# Below those that systems give to outgoing connections (Linux from 32768 on, others higher): one that is free now is
# still free when a process that was told of it has come up, however many connections others open meanwhile.
_PORTS = range(10_000, 32_768)
_given: set[int] = set()


def free_port() -> int:
    """Return a TCP port that nothing on the loopback interface listens on just now, and none that was returned before.

    Raises:
        HarnessError: There is none.
    """
    for _ in _PORTS:
        port = secrets.choice(_PORTS)
        if port not in _given:
            with socket.socket() as probe, suppress(OSError):
                probe.bind((HOST, port))
                _given.add(port)
                return port
    raise HarnessError(
        f"No port of {_PORTS.start} to {_PORTS.stop - 1} is free on {HOST}", "End what listens there, and start again"
    )


def accepts(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


def require_loopback(url: str, option: str, *, secret: bool = False) -> None:
    """Refuse a URL that leads off this machine; one that may be all secret, as a password alone, is not quoted.

    Raises:
        UsageError: The host of ``url`` is missing or not a loopback address.
    """
    try:
        host, port = urlsplit(url).hostname, urlsplit(url).port
    except ValueError:
        host, port = None, None
    if not host or not port:
        told = "" if secret or "@" in url else f" {url!r}"
        raise UsageError(f"{option}{told} has no host and port", "Give it as scheme://host:port")
    inside = host == "localhost"
    with suppress(ValueError):
        inside = inside or ipaddress.ip_address(host).is_loopback
    if not inside:
        raise UsageError(
            f"{option} leads to {host}, and load and faults stay on this machine",
            "Give a loopback address, for example 127.0.0.1",
        )


def url_through(url: str, port: int) -> str:
    """Return ``url`` with its host and port replaced by a loopback port: the way through a proxy."""
    parts = urlsplit(url)
    credentials, _, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{credentials}@{HOST}:{port}"))
