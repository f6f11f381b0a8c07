"""What a client does with its connection after an answer: it keeps one, unless the server may be about to close it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from harness.load.single_client import Client


@contextmanager
def _closes_after(status: str) -> Iterator[Client]:
    """Serve two connections: the first is answered once, and closed at the next request; the second is answered."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for said in (status, "200 OK"):
                accepted, _ = listener.accept()
                with accepted:
                    accepted.recv(65536)
                    accepted.sendall(f"HTTP/1.1 {said}\r\nContent-Length: 0\r\n\r\n".encode())
                    accepted.recv(65536)  # a request that nobody sees, or that the client has closed it

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with Client(f"http://127.0.0.1:{listener.getsockname()[1]}", 5.0) as client:
            yield client
        thread.join(5)
        assert not thread.is_alive()


@pytest.mark.parametrize("status", ["500 Internal Server Error", "503 Service Unavailable"])
def test_a_request_after_an_error_of_the_server_is_not_lost_with_the_connection(status: str) -> None:
    with _closes_after(status) as client:
        answers = [client.get("/one").status, client.get("/two").status]
    assert answers == [int(status[:3]), 200]


@pytest.mark.parametrize("status", ["200 OK", "409 Conflict"])
def test_after_any_other_answer_the_connection_is_kept(status: str) -> None:
    with _closes_after(status) as client:
        assert client.get("/one").status == int(status[:3])
        assert client.get("/two").status == 0  # on the same, which is closed
        assert client.get("/three").status == 200
