"""The generator's record is whole, true and hard to lose."""

import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from harness.errors import PartDied, RecorderFailed
from harness.load.generator_process import Generator, generator
from harness.model.plan import Order, Shape
from targets.content import ROOT
from targets.workload import WORKLOAD


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers every request with what the test wants, and counts them."""

    protocol_version = "HTTP/1.1"
    status = 200
    delay_s = 0.0
    headers_out: tuple[tuple[str, str], ...] = ()
    served = 0

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        type(self).served += 1
        time.sleep(self.delay_s)
        self.send_response(self.status)
        for name, value in (("content-length", "2"), *self.headers_out):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"{}")

    do_POST = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@contextmanager
def answering(**wanted: object) -> Iterator[tuple[str, type[Answering]]]:
    """A server, and what it counted."""
    handler = type("Handler", (Answering,), {"served": 0, **wanted})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", handler
        finally:  # a test that fails must not leave the thread that would keep the suite from ending
            server.shutdown()
            thread.join()


@contextmanager
def closing_without_an_answer() -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads a request and closes; what it read."""
    requests: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                if data := connection.recv(65536):
                    requests.append(data)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generator]:
    """One generator for the tests that leave it alive."""
    with generator(tmp_path_factory.mktemp("load") / "log") as started:
        started.wait_until_ready()
        yield started


def order(ops: Path, host: str, **changes: object) -> Order:
    """A short order of pings."""
    words = {"clients": 2, "pace_s": None, "measure_s": 0.4, "mix": {"ping": 1}, **changes}
    return Order(
        ops=ops,
        host=host,
        workload=WORKLOAD.name,
        mix=words["mix"],  # type: ignore[arg-type]  # as the tests write it
        shape=Shape(clients=words["clients"], pace_s=words["pace_s"]),  # type: ignore[arg-type]  # the same
        warmup_s=0.1,
        measure_s=words["measure_s"],  # type: ignore[arg-type]  # the same
        seed=1,
        key_prefix="000000aa",
    )


def read(ops: Path) -> pd.DataFrame:
    """What is on record."""
    with pa.OSFile(str(ops)) as source:
        return pa.ipc.open_stream(source).read_all().to_pandas()


def read_torn(ops: Path) -> pd.DataFrame:
    """What is on record of a generator that was killed."""
    batches = []
    with pa.OSFile(str(ops)) as source, suppress(pa.ArrowInvalid, OSError, StopIteration):
        reader = pa.ipc.open_stream(source)
        while True:
            batches.append(reader.read_next_batch())
    return pa.Table.from_batches(batches).to_pandas()


def test_every_request_is_on_record_once(load: Generator, tmp_path: Path) -> None:
    edges: list[str] = []
    with answering() as (host, server):
        loaded = load.run(order(tmp_path / "ops", host), edges.append)
    ops = read(tmp_path / "ops")
    assert edges == ["measuring", "draining"]
    assert len(ops) == loaded.recorded == server.served > 0
    assert set(ops["outcome"]) == {"ok"}
    assert (ops["ended_ns"] > ops["started_ns"]).all()
    assert (ops["intended_ns"] == ops["started_ns"]).all()
    assert loaded.window.duration_s >= 0.4


def test_a_connection_that_closes_without_an_answer_is_not_sent_again(load: Generator, tmp_path: Path) -> None:
    """The client library re-sends up to 12 times by itself; here one record is one request."""
    with closing_without_an_answer() as (host, requests):
        loaded = load.run(order(tmp_path / "ops", host), lambda _edge: None)
        ops = read(tmp_path / "ops")
        assert loaded.recorded == len(requests) > 0
    assert set(ops["outcome"]) == {"unknown"}


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (200, (), "ok"),
        (404, (), "fail"),
        (409, (), "fail"),
        (500, (), "unknown"),
        (503, (("Retry-After", "1"),), "fail"),
        (503, (), "unknown"),
    ],
)
def test_what_a_client_knows(
    load: Generator, tmp_path: Path, status: int, headers: tuple[tuple[str, str], ...], outcome: str
) -> None:
    with answering(status=status, headers_out=headers) as (host, _):
        load.run(order(tmp_path / "ops", host, measure_s=0.1), lambda _edge: None)
    ops = read(tmp_path / "ops")
    assert set(ops["outcome"]) == {outcome}
    assert set(ops["status"]) == {status}


def test_nobody_listening_is_unsent(load: Generator, tmp_path: Path) -> None:
    load.run(order(tmp_path / "ops", "http://127.0.0.1:1", measure_s=0.1), lambda _edge: None)
    assert set(read(tmp_path / "ops")["outcome"]) == {"unsent"}


def test_with_a_pace_waiting_counts_from_when_it_was_meant_to_be_sent(load: Generator, tmp_path: Path) -> None:
    with answering(delay_s=0.1) as (host, _):
        load.run(order(tmp_path / "ops", host, clients=1, pace_s=0.02, measure_s=0.5), lambda _edge: None)
    ops = read(tmp_path / "ops")
    sent = ops[ops["outcome"] == "ok"]
    assert (sent["intended_ns"].diff().dropna() == 20_000_000).all()
    latency, service = sent["ended_ns"] - sent["intended_ns"], sent["ended_ns"] - sent["started_ns"]
    assert latency.iloc[-1] > 2 * service.iloc[-1]  # it fell behind, and says so
    assert (ops["outcome"] == "unsent").any()  # turns that never came are owned up to


def test_a_pace_that_is_kept_leaves_nothing_unsent(load: Generator, tmp_path: Path) -> None:
    with answering() as (host, _):
        load.run(order(tmp_path / "ops", host, pace_s=0.1, measure_s=0.6), lambda _edge: None)
    assert set(read(tmp_path / "ops")["outcome"]) == {"ok"}


def test_a_request_in_flight_at_the_end_is_waited_for(load: Generator, tmp_path: Path) -> None:
    with answering(delay_s=0.8) as (host, _):
        loaded = load.run(order(tmp_path / "ops", host, measure_s=0.1), lambda _edge: None)
    ops = read(tmp_path / "ops")
    assert set(ops["outcome"]) == {"ok"}
    assert (ops["ended_ns"] > loaded.window.end_ns).all()


def test_write_keys_are_fixed_in_width_and_unique(load: Generator, tmp_path: Path) -> None:
    with answering() as (host, _):
        load.run(order(tmp_path / "ops", host, mix={"create_user": 1, "ping": 1}), lambda _edge: None)
    ops = read(tmp_path / "ops")
    keys = ops[ops["name"] == "create_user"]["key"]
    assert keys.str.fullmatch("000000aa[0-9a-f]{24}").all()
    assert keys.is_unique
    written = ops[ops["name"] == "create_user"]
    assert [key in asked for key, asked in zip(written["key"], written["asked"], strict=True)] == [True] * len(written)
    assert (ops[ops["name"] == "ping"][["key", "asked"]] == "").all(axis=None)


def test_a_recorder_that_cannot_write_fails_the_run(tmp_path: Path) -> None:
    with answering() as (host, _), generator(tmp_path / "log") as own:
        own.wait_until_ready()
        with pytest.raises(RecorderFailed, match="not whole"):
            own.run(order(Path("/dev/full"), host), lambda _edge: None)


def test_a_killed_generator_leaves_what_it_had(tmp_path: Path) -> None:
    with answering() as (host, _), generator(tmp_path / "log") as own:
        own.wait_until_ready()

        def kill(edge: str) -> None:
            if edge == "measuring":
                while not (tmp_path / "ops").stat().st_size:  # a busy machine takes its time to write first
                    time.sleep(0.05)
                time.sleep(1.0)
                own.child.popen.kill()

        with pytest.raises(PartDied, match="load generator ended"):
            own.run(order(tmp_path / "ops", host, measure_s=30.0), kill)
    ops = read_torn(tmp_path / "ops")
    assert len(ops) > 0
    assert ops["ended_ns"].max() - ops["started_ns"].min() > 0.5e9  # up to its last second


@pytest.mark.parametrize("scenario", ["ping", "mixed"])
def test_the_users_drive_from_locusts_own_command_line_too(scenario: str) -> None:
    """With a pace as well as without, and stop when they are told to."""
    words = ("-f", "scenarios/locust/locustfile.py", "--headless", "--users", "2", "--spawn-rate", "2", "--host")
    with (
        answering() as (host, server),
        subprocess.Popen(
            [sys.executable, "-m", "locust", *words, host],
            cwd=ROOT,
            env={**os.environ, "TWINBENCH_SCENARIO": scenario},
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        deadline_s = time.monotonic() + 60
        while not server.served and process.poll() is None and time.monotonic() < deadline_s:
            time.sleep(0.05)
        process.terminate()
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
        assert server.served > 0
