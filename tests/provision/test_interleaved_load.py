"""Clients that go from one target to another and back: whose turn it is, when it ends, and what is on record."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.load.generator_process import Generator, InterleavedLoad, generator
from harness.model.plan import Order, Shape
from targets.workload import WORKLOAD
from tests.provision.test_load import answering, read


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generator]:
    """One generator for all."""
    with generator(tmp_path_factory.mktemp("load") / "log") as started:
        started.wait_until_ready()
        yield started


def orders(folder: Path, hosts: list[str], pace_s: float | None = None) -> list[Order]:
    """Pings for each host, by four clients."""
    return [
        Order(
            ops=folder / f"ops-{number}",
            host=host,
            workload=WORKLOAD.name,
            mix={"ping": 1},
            shape=Shape(clients=4, pace_s=pace_s),
            warmup_s=0.0,
            measure_s=None,
            seed=number,
            key_prefix=f"{number:08x}",
        )
        for number, host in enumerate(hosts)
    ]


def put_on(load: InterleavedLoad, number: int, seconds: float = 0.2, spread_s: float = 0.0) -> tuple[int, int, int]:
    """Put a load on for a while, and return when it began, sent no more and was over."""
    begun_ns = load.begin(number, spread_s)
    time.sleep(seconds)
    stop_ns, median_s = load.end(number)
    assert 0 < median_s < 1
    return begun_ns, stop_ns, time.monotonic_ns()


def test_each_request_ends_while_it_is_the_turn_of_its_target_and_is_on_record_once(
    load: Generator, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(answering(delay_s=0.01)) for _ in range(2)]
        with load.interleaved(orders(tmp_path, [host for host, _ in servers])) as turns:
            told = [(number, put_on(turns, number)) for number in (0, 1, 1, 0)]
    for number, (_, server) in enumerate(servers):
        ops = read(tmp_path / f"ops-{number}")
        own = [edges for whose, edges in told if whose == number]
        assert len(ops) == turns.recorded[number] == server.served > 0
        assert all(
            any(begun <= started <= stop and ended <= over for begun, stop, over in own)
            for started, ended in zip(ops["started_ns"], ops["ended_ns"], strict=True)
        )


def test_half_of_the_requests_of_a_turn_took_as_long_as_is_told(load: Generator, tmp_path: Path) -> None:
    with answering(delay_s=0.05) as (host, _), load.interleaved(orders(tmp_path, [host])) as turns:
        turns.begin(0)
        time.sleep(0.3)
        assert turns.end(0)[1] >= 0.05


def test_nothing_is_sent_between_turns(load: Generator, tmp_path: Path) -> None:
    with answering() as (host, server), load.interleaved(orders(tmp_path, [host])) as turns:
        put_on(turns, 0)
        served = server.served
        time.sleep(0.3)
        assert server.served == served > 0
        put_on(turns, 0)
        assert server.served > served


def test_two_loads_may_be_on_at_once(load: Generator, tmp_path: Path) -> None:
    """As they are where a target is stopped in the middle of its requests."""
    with ExitStack() as stack:
        servers = [stack.enter_context(answering()) for _ in range(2)]
        with load.interleaved(orders(tmp_path, [host for host, _ in servers])) as turns:
            for number in range(2):
                turns.begin(number)
            time.sleep(0.2)
            for number in range(2):
                turns.end(number)
    spans = [read(tmp_path / f"ops-{number}")["started_ns"].agg(["min", "max"]) for number in range(2)]
    assert max(span["min"] for span in spans) < min(span["max"] for span in spans)


def test_clients_begin_spread_over_a_latency(load: Generator, tmp_path: Path) -> None:
    """In step, all four would be under way at the same moments for as long as each takes the same."""
    with answering(delay_s=0.3) as (host, _), load.interleaved(orders(tmp_path, [host])) as turns:
        begun_ns, _, _ = put_on(turns, 0, seconds=0.35, spread_s=0.3)
    started_ns = read(tmp_path / "ops-0")["started_ns"].to_numpy()[:4]
    assert (started_ns[:4] - begun_ns).max() > 0.03e9


def test_a_pace_begins_anew_with_each_turn(load: Generator, tmp_path: Path) -> None:
    """So a turn owes nothing for the time in which it was another's."""
    with answering() as (host, _), load.interleaved(orders(tmp_path, [host], pace_s=0.1)) as turns:
        told = []
        for _ in range(2):
            told.append(put_on(turns, 0, seconds=0.5))
            time.sleep(0.5)
    ops = read(tmp_path / "ops-0")
    assert set(ops["outcome"]) == {"ok"}
    for begun_ns, stop_ns, _ in told:
        inside = ops[(ops["intended_ns"] >= begun_ns) & (ops["intended_ns"] <= stop_ns)]
        assert 4 <= len(inside) <= 4 * 5 + 4
    assert len(ops) <= 2 * (4 * 5 + 4)


def test_who_is_behind_a_pace_at_the_end_of_a_turn_sends_what_was_due_and_no_more(
    load: Generator, tmp_path: Path
) -> None:
    with answering(delay_s=0.3) as (host, _), load.interleaved(orders(tmp_path, [host], pace_s=0.1)) as turns:
        told = [put_on(turns, 0, seconds=0.6) for _ in range(2)]
    ops = read(tmp_path / "ops-0")
    assert set(ops["outcome"]) == {"ok"}
    for begun_ns, stop_ns, over_ns in told:
        inside = ops[(ops["intended_ns"] >= begun_ns) & (ops["intended_ns"] <= stop_ns)]
        assert 4 * 5 <= len(inside) <= 4 * 7  # six paces of four clients
        assert (inside["started_ns"] > stop_ns).any()
        assert (inside["ended_ns"] <= over_ns).all()


def test_the_generator_goes_on_after_a_load_that_was_given_up(load: Generator, tmp_path: Path) -> None:
    with answering() as (host, _):
        with pytest.raises(ValueError, match="mine"), load.interleaved(orders(tmp_path, [host])):
            raise ValueError("mine")
        with load.interleaved(orders(tmp_path, [host])) as turns:
            put_on(turns, 0)
    assert turns.recorded[0] == len(read(tmp_path / "ops-0")) > 0
