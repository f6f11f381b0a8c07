"""URLs of databases: the way through a proxy, and what may be printed."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from harness.provision.loopback import HOST


def url_through(url: str, port: int) -> str:
    """Return ``url`` with its host and port replaced by a loopback port: the way through a proxy."""
    parts = urlsplit(url)
    credentials, _, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{credentials}@{HOST}:{port}"))


def without_password(url: str) -> str:
    """Return ``url`` fit to be printed and stored."""
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    return urlunsplit(parts._replace(netloc=f"{user}{parts.hostname}:{parts.port}"))
