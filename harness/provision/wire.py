"""A tap between a target and PostgreSQL that counts round trips and bytes. For counting, never for timing."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from harness.provision.loopback import HOST

_CHUNK_BYTES = 65536


@dataclass
class Counts:
    """What went over the wire so far, all connections together.

    A round trip is a change of direction: the server speaks after the client has spoken. Packets
    that follow each other in one direction, however they were cut, are one.
    """

    round_trips: int = 0
    bytes_up: int = 0
    bytes_down: int = 0


@dataclass
class _Pair:
    client: socket.socket
    server: socket.socket
    client_spoke_last: bool = False


class Tap:
    """Relays loopback connections to ``upstream`` and counts."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        self.counts = Counts()
        self._upstream = upstream
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._relay, name="wire tap", daemon=True)

    def start(self) -> None:
        """Begin to accept connections."""
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread.start()

    def stop(self) -> None:
        """Close every connection."""
        self._stopping.set()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()

    def _relay(self) -> None:
        while not self._stopping.is_set():
            for key, _ in self._selector.select(timeout=0.1):
                sock = key.fileobj
                assert isinstance(sock, socket.socket)  # noqa: S101 - only sockets are registered
                if key.data is None:
                    self._accept()
                else:
                    self._pass_on(sock, key.data)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(self._upstream)
        except OSError:
            client.close()  # what a client sees of a server that is gone
            return
        pair = _Pair(client, server)
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(sock, selectors.EVENT_READ, pair)

    def _pass_on(self, source: socket.socket, pair: _Pair) -> None:
        upwards = source is pair.client
        try:
            data = source.recv(_CHUNK_BYTES)
            self._count(data, pair, upwards=upwards)
            (pair.server if upwards else pair.client).sendall(data)
        except OSError:
            data = b""
        if not data:
            for sock in (pair.client, pair.server):
                # the other side's end may have been read in the same round, and both be closed by now
                with suppress(KeyError, ValueError):
                    self._selector.unregister(sock)
                sock.close()

    def _count(self, data: bytes, pair: _Pair, *, upwards: bool) -> None:
        """Count before passing on, so that whoever has an answer finds it counted."""
        if upwards:
            self.counts.bytes_up += len(data)
        else:
            self.counts.bytes_down += len(data)
            self.counts.round_trips += pair.client_spoke_last and bool(data)
        pair.client_spoke_last = upwards


@contextmanager
def tap(upstream: tuple[str, int]) -> Iterator[Tap]:
    """Run a tap for as long as the context lasts."""
    relay = Tap(upstream)
    relay.start()
    try:
        yield relay
    finally:
        relay.stop()
