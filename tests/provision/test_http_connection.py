"""Requests on a kept connection: each is sent once, and what is not a whole answer is an error."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from harness.provision.http_connection import Connection

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nRetry-After: 1\r\n\r\nbody"
CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

Serve = Callable[[socket.socket, list[bytes]], None]


@contextmanager
def _server(*connections: Serve) -> Iterator[tuple[Connection, list[bytes]]]:
    """Serve so many connections, one after the other, each in its way, and keep what was received."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for each in connections:
                accepted, _ = listener.accept()
                with accepted:
                    each(accepted, received)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        connection = Connection(f"http://127.0.0.1:{listener.getsockname()[1]}", 5.0)
        try:
            yield connection, received
        finally:
            connection.close()
            thread.join(5)
            assert not thread.is_alive()


def _answers(*answers: bytes) -> Serve:
    def serve(accepted: socket.socket, received: list[bytes]) -> None:
        for answer in answers:
            received.append(accepted.recv(65536))
            for part in (answer[:20], answer[20:]):
                accepted.sendall(part)

    return serve


def test_a_connection_is_kept_and_an_answer_is_read_whole() -> None:
    with _server(_answers(OK, CHUNKED)) as (connection, received):
        first = connection.ask("GET", "/here", b"", {"Write-Key": "k"})
        assert (first.status, bytes(first.body), first.headers["retry-after"]) == (200, b"body", "1")
        second = connection.ask("POST", "/there", b"said", {})
        assert (second.status, bytes(second.body)) == (201, b"body")
    assert received[0].startswith(b"GET /here HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nWrite-Key: k\r\n" in received[0]
    assert received[1].endswith(b"\r\nContent-Length: 4\r\n\r\nsaid")


@pytest.mark.parametrize("first", [_answers(OK), _answers(LAST)], ids=["closed meanwhile", "closed as announced"])
def test_a_connection_that_the_server_closed_is_opened_again(first: Serve) -> None:
    closed = threading.Event()

    def once(accepted: socket.socket, received: list[bytes]) -> None:
        first(accepted, received)
        accepted.close()
        closed.set()

    with _server(once, _answers(OK)) as (connection, received):
        assert connection.ask("GET", "/one", b"", {}).status == 200
        assert closed.wait(5)
        assert connection.ask("GET", "/two", b"", {}).status == 200
    assert [said.split()[1] for said in received] == [b"/one", b"/two"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [(b"", "after no answer"), (OK[:-1], "after half of its answer"), (b"SSH-2.0-OpenSSH\r\n", "is not HTTP")],
)
def test_what_is_no_whole_answer_is_an_error_and_nothing_is_sent_again(answer: bytes, said: str) -> None:
    with _server(_answers(answer), _answers(OK)) as (connection, received):
        with pytest.raises(ConnectionError, match=said):
            connection.ask("POST", "/one", b"body", {})
        assert connection.ask("GET", "/two", b"", {}).status == 200
    assert [request.split()[1] for request in received] == [b"/one", b"/two"]


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_the_time_limit() -> None:
    done = threading.Event()

    def silent(accepted: socket.socket, received: list[bytes]) -> None:
        received.append(accepted.recv(65536))
        done.wait(5)

    with _server(silent) as (connection, received):
        connection._timeout_s = 0.05
        with pytest.raises(TimeoutError):
            connection.ask("GET", "/", b"", {})
        done.set()
    assert len(received) == 1


def test_nobody_there_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        Connection(f"http://127.0.0.1:{port}", 1.0).open()


def test_a_connection_that_is_to_be_closed_is_not_kept() -> None:
    with _server(_answers(LAST)) as (connection, _):
        connection.ask("GET", "/", b"", {})
        assert connection._socket is None
