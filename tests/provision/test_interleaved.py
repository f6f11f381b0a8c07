"""Interleaved slices of a closed loop, against servers that are known to be slow, or wrong."""

import os
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from types import SimpleNamespace

import pytest

from harness.experiments import interleaved
from harness.experiments.interleaved import (
    CLIENTS,
    LOOKED_INTO,
    SETTLES_S,
    SLICE_S,
    WARM_UP_S,
    ClosedLoop,
    _requests_of_a_slice,
    _rounds,
    processor_clock,
)
from harness.probe.request_sampling import MOST_PER_S, MOST_VARIABLE

Answer = Callable[[int], bytes]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server(socketserver.ThreadingTCPServer):
    """Answers each request after a while, in two parts, and knows what it was asked."""

    request_queue_size = 2 * CLIENTS  # with the usual five, some of those who connect at once try again after seconds

    def __init__(self, wait_s: float, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.wait_s, self.answer = wait_s, answer
        self.lock = threading.Lock()
        self.asked: list[str] = []


class Handler(socketserver.StreamRequestHandler):
    """One connection."""

    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        while line := self.rfile.readline():
            while self.rfile.readline() != b"\r\n":
                pass
            server = self.server
            with server.lock:
                server.asked.append(line.split()[1].decode())
                number = len(server.asked)
            time.sleep(server.wait_s)
            said = server.answer(number)
            if not said:
                return
            self.wfile.write(said[:20])
            self.wfile.write(said[20:])


@contextmanager
def serving(wait_s: float = 0.001, answer: Answer = lambda _number: OK) -> Iterator[tuple[Server, int]]:
    with Server(wait_s, answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server, server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def nothing() -> float:
    """How long the other has worked, of which there is none."""
    return 0.0


def test_as_many_are_answered_as_were_to_be_and_all_clients_are_busy() -> None:
    all_have_asked = threading.Barrier(CLIENTS)

    def answer_all_at_once(number: int) -> bytes:
        if number <= 5 * CLIENTS:
            all_have_asked.wait(10)
        return OK

    with serving(answer=answer_all_at_once) as (server, port), ClosedLoop(port, ["/a", "/b", "/c"], nothing) as loop:
        assert loop.slice(5 * CLIENTS) > 0
        assert len(server.asked) == 5 * CLIENTS
        assert loop.slice(3) > 0
        assert len(server.asked) == 5 * CLIENTS + 3
        assert {path: server.asked.count(path) for path in ("/a", "/b", "/c")} == {"/a": 28, "/b": 28, "/c": 27}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda number: OK.replace(b"200 OK", b"500 No") if number == 20 else OK, "it answered 500"),
        (lambda number: b"" if number == 20 else OK, "the connection was closed after"),
    ],
)
def test_an_answer_that_is_none_ends_it(answer: Answer, told: str) -> None:
    with (
        serving(answer=answer) as (_, port),
        ClosedLoop(port, ["/"], nothing) as loop,
        pytest.raises(ConnectionError, match=told),
    ):
        loop.slice(3 * CLIENTS)


@pytest.mark.parametrize("swapped", [False, True])
def test_the_slower_of_two_is_told_to_be_slower_whoever_comes_first(
    *, swapped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interleaved, "WARM_UP_S", 0.5)
    with (
        serving(0.001) as (_, quick),
        serving(0.010) as (_, slow),
        ClosedLoop(quick, ["/"], nothing) as plain,
        ClosedLoop(slow, ["/"], nothing) as probed,
    ):
        rounds = list(islice(_rounds(plain, probed, 600, swapped=swapped), 3))
        assert not list(_rounds(plain, probed, 0, swapped=swapped))  # its time is over
    assert len(rounds) == 3
    assert sum(plain_ms for plain_ms, _ in rounds) < sum(probed_ms for _, probed_ms in rounds)


class Taking:
    """What takes as long as it is told to, by the clock that it moves on."""

    def __init__(self, *took_s: float) -> None:
        self.now_s, self._took_s = 0.0, iter(took_s)

    def slice(self, _requests: int) -> float:
        took_s = next(self._took_s)
        self.now_s += took_s
        return took_s


def test_one_slice_that_was_held_up_does_not_tell_how_long_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, probed = Taking(*(WARM_UP_S / 1000,) * 999, SLICE_S), Taking(*(0.0,) * 1000)
    monkeypatch.setattr(interleaved, "time", SimpleNamespace(monotonic=lambda: plain.now_s))
    assert _requests_of_a_slice(plain, probed) == CLIENTS * round(SLICE_S / (WARM_UP_S / 1000))  # type: ignore[arg-type]


def test_what_the_other_worked_in_a_slice_is_not_counted() -> None:
    worked_s = iter((5_000.0, 6_000.0))
    with serving() as (_, port), ClosedLoop(port, ["/"], lambda: next(worked_s)) as loop:
        assert -1_000 < loop.slice(CLIENTS) < -900


def test_the_other_has_settled_before_its_clock_is_read() -> None:
    read_s: list[float] = []

    def worked_s() -> float:
        read_s.append(time.perf_counter())
        return 0.0

    with serving() as (_, port), ClosedLoop(port, ["/"], worked_s) as loop:
        before_s = time.perf_counter()
        loop.slice(CLIENTS)
    assert read_s[0] - before_s >= SETTLES_S


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no clock of another process")
def test_a_processor_clock_is_that_of_its_process() -> None:
    clock = processor_clock(os.getpid())
    before_s = time.process_time()
    now_s = clock()
    assert before_s <= now_s <= time.process_time()


def test_who_works_half_of_the_time_is_looked_into_half_as_often() -> None:
    assert {MOST_VARIABLE: str(MOST_PER_S // 2)} == LOOKED_INTO
    ask = "from harness.probe.request_sampling import MOST_PER_S; print(MOST_PER_S)"
    told = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=True, env={**os.environ, **LOOKED_INTO}
    )
    assert int(told.stdout) == MOST_PER_S // 2
