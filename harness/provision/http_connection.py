"""One request and one answer over HTTP/1.1, on a connection that is kept.

A cut takes four of these, and cores are what cuts are short of: an exchange with Toxiproxy is 245 µs of processor time
through ``urllib3``, 115 through ``http.client``, and 60 here. What is said is read by httptools, as in uvicorn.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httptools

_CHUNK_BYTES = 65536


@dataclass
class Reply:
    """What came back. Names of headers are in lower case."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    complete: bool = False

    @property
    def text(self) -> str:
        """The body, read as UTF-8."""
        return self.body.decode("utf-8", "replace")

    # What httptools calls as it reads.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header."""
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, part: bytes) -> None:
        """Take a part of the body."""
        self.body += part

    def on_message_complete(self) -> None:
        """Know that nothing is missing."""
        self.complete = True


class Connection:
    """A connection to one server, opened when it is needed, and again where the server has closed it meanwhile.

    For one thread at a time, and one request. Nothing is ever sent twice. ``ask`` does it all; a client that is to be
    slow, or one of many in a thread, calls ``open``, ``send`` and ``receive`` itself.
    """

    def __init__(self, url: str, timeout_s: float) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._reply = Reply()

    def open(self) -> None:
        """Connect, if there is no connection that the server still holds.

        Raises:
            OSError: It can't be reached.
        """
        if self._socket is not None and _has_ended(self._socket):
            self.close()
        if self._socket is None:
            self._socket = socket.create_connection(self._address, self._timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._begin()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __del__(self) -> None:
        """End with whoever held it: a thread, or a run."""
        self.close()

    def fileno(self) -> int:
        """Return the number of the open socket, for a selector."""
        return self._open_socket().fileno()

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send a request and read the whole answer.

        Raises:
            OSError: It could not be sent, or no whole answer came; the connection is closed then.
        """
        self.open()
        try:
            self.send(self.message(method, path, body, headers))
            while (reply := self.receive()) is None:
                pass
        except BaseException:
            self.close()
            raise
        if reply.headers.get("connection") == "close":
            self.close()
        return reply

    def message(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Return a request as it goes over the wire."""
        said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        host, port = self._address
        head = f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{said}Content-Length: {len(body)}\r\n\r\n"
        return head.encode("latin-1") + body

    def send(self, part: bytes) -> None:
        """Send a request, or a part of one, on the open connection.

        Raises:
            OSError: It could not be sent.
        """
        self._open_socket().sendall(part)

    def receive(self, most_bytes: int = _CHUNK_BYTES) -> Reply | None:
        """Read what has come, and return the answer if that was the rest of it.

        Raises:
            OSError: The server has closed the connection, said nothing for too long, or what it said is not HTTP.
        """
        part = self._open_socket().recv(most_bytes)
        if not part:
            said = "half of its answer" if self._reply.headers else "no answer"
            raise ConnectionResetError(f"the connection was closed after {said}")
        try:
            self._parser.feed_data(part)
        except httptools.HttpParserError as error:
            raise ConnectionError(f"the answer is not HTTP: {error}") from error
        if not self._reply.complete:
            return None
        reply = self._reply
        reply.status = self._parser.get_status_code()
        self._begin()
        return reply

    def _begin(self) -> None:
        """Be ready for an answer."""
        self._reply = Reply()
        self._parser = httptools.HttpResponseParser(self._reply)

    def _open_socket(self) -> socket.socket:
        if self._socket is None:
            raise ConnectionError("the connection is closed")
        return self._socket


def get(url: str, timeout_s: float) -> Reply:
    """Ask for what is at a URL, on a connection of its own.

    Raises:
        OSError: No whole answer came.
    """
    return Connection(url, timeout_s).ask("GET", urlsplit(url).path, b"", {})


def _has_ended(kept: socket.socket) -> bool:
    """Say whether the other side has closed a connection on which it has nothing to say."""
    look = select.poll()
    look.register(kept, select.POLLIN)
    return bool(look.poll(0))
