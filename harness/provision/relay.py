"""A relay between a target and PostgreSQL: it counts, captures bytes, and can end a connection at a byte.

For counting and for cutting, never for timing. It stands on PostgreSQL's side of Toxiproxy, so what
passed it is what PostgreSQL received.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
import time
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, field

from harness.model.cut_map import CutWay, Direction
from harness.provision.addresses import HOST

_CHUNK_BYTES = 65536
_TICK_S = 0.1


@dataclass
class Counts:
    """Round trips and bytes so far, all connections together.

    A round trip is a change of direction: the server sends after the client has sent. Packets
    that follow each other in one direction, however they were cut, are one.
    """

    round_trips: int = 0
    bytes_up: int = 0
    bytes_down: int = 0


@dataclass
class Capture:
    """The bytes of each direction since ``Relay.capture``, and whether a connection ended meanwhile."""

    up: bytearray = field(default_factory=bytearray)
    down: bytearray = field(default_factory=bytearray)
    ended: bool = False

    def by(self, direction: Direction) -> bytearray:
        """Return the bytes of one direction."""
        return self.up if direction is Direction.UP else self.down


@dataclass(frozen=True, kw_only=True)
class Cutoff:
    """A cut to come: ``way`` happens once ``offset`` bytes have passed in ``direction`` since ``Relay.capture``."""

    direction: Direction
    offset: int
    way: CutWay
    hold_s: float = 0.0


@dataclass
class _Pair:
    client: socket.socket
    server: socket.socket
    client_sent_last: bool = False


class Relay:
    """Relays loopback connections to ``upstream``, counts, and captures bytes on request."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        self.counts = Counts()
        self._upstream = upstream
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._relay, name="relay", daemon=True)
        self._captured: Capture | None = None
        self._cutoff: Cutoff | None = None
        self._held: tuple[float, socket.socket, bytes, _Pair] | None = None
        self.tripped = False
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread.start()

    def close(self) -> None:
        """End, with every connection."""
        self._stopping.set()
        self._thread.join()
        if self._held is not None:
            self._held[1].close()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()

    def capture(self, cutoff: Cutoff | None = None) -> Capture:
        """Begin a new capture, with a cutoff if one is given."""
        self._captured, self._cutoff, self.tripped = Capture(), cutoff, False
        return self._captured

    def stop_capture(self) -> None:
        """End the capture and take the cutoff away."""
        self._captured, self._cutoff = None, None

    def _relay(self) -> None:
        while not self._stopping.is_set():
            self._let_go()
            for key, _ in self._selector.select(timeout=_TICK_S):
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
        direction = Direction.UP if source is pair.client else Direction.DOWN
        try:
            data = source.recv(_CHUNK_BYTES)
        except OSError:
            data = b""
        if not data:
            self._end(pair)
            return
        cutoff, captured = self._cutoff, self._captured
        if cutoff and captured and cutoff.direction is direction and not self.tripped:
            room = cutoff.offset - len(captured.by(direction))
            if len(data) >= room:
                self._trip(cutoff, pair, source, (data[:room], data[room:]))
                return
        self._forward(data, pair, direction)

    def _forward(self, data: bytes, pair: _Pair, direction: Direction) -> None:
        """Count before passing on, so that an answer has been counted when it arrives."""
        if direction is Direction.UP:
            self.counts.bytes_up += len(data)
        else:
            self.counts.bytes_down += len(data)
            self.counts.round_trips += pair.client_sent_last and bool(data)
        pair.client_sent_last = direction is Direction.UP
        if self._captured is not None:
            self._captured.by(direction).extend(data)
        try:
            (pair.server if direction is Direction.UP else pair.client).sendall(data)
        except OSError:
            self._end(pair)

    def _trip(self, cutoff: Cutoff, pair: _Pair, source: socket.socket, parts: tuple[bytes, bytes]) -> None:
        """Pass the bytes before the cutoff, and then hold, reset or close."""
        before, after = parts
        self.tripped = True
        if before:
            self._forward(before, pair, cutoff.direction)
        if cutoff.way is CutWay.HOLD:
            with suppress(KeyError, ValueError):
                self._selector.unregister(source)
            self._held = (time.monotonic() + cutoff.hold_s, source, after, pair)
            return
        if cutoff.way is CutWay.RST:
            for sock in (pair.client, pair.server):
                # zero seconds to linger: closing sends RST and drops what was not sent
                with suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._end(pair)

    def _let_go(self) -> None:
        """End a hold whose time is over: the bytes that were held pass, and then what follows them."""
        if self._held is None or time.monotonic() < self._held[0]:
            return
        _, source, data, pair = self._held
        self._held = None
        if source.fileno() == -1:
            return  # its connection ended meanwhile
        direction = Direction.UP if source is pair.client else Direction.DOWN
        self._selector.register(source, selectors.EVENT_READ, pair)
        if data:
            self._forward(data, pair, direction)

    def _end(self, pair: _Pair) -> None:
        if self._captured is not None:
            self._captured.ended = True
        for sock in (pair.client, pair.server):
            # the other side's end may have been read in the same round, and both be closed by now
            with suppress(KeyError, ValueError):
                self._selector.unregister(sock)
            sock.close()


def relaying(upstream: tuple[str, int]) -> AbstractContextManager[Relay]:
    """Run a relay for as long as the context lasts."""
    return closing(Relay(upstream))
