"""Clients that go from one target to another and back: whose turn it is, when it ends, and what is on record."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.load.generator_process import Generator, generator
from harness.model.plan import Order, Shape, SliceOrder
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


def slice_of(load: int, seconds: float = 0.2, spread_s: float = 0.0, *, drains: bool = True) -> SliceOrder:
    """Whose turn, and for how long."""
    return SliceOrder(load=load, seconds=seconds, spread_s=spread_s, drains=drains)


def test_each_request_ends_within_a_slice_of_its_own_target_and_is_on_record_once(
    load: Generator, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(answering(delay_s=0.01)) for _ in range(2)]
        with load.interleaved(orders(tmp_path, [host for host, _ in servers])) as turns:
            told = [(number, turns.put_on(slice_of(number)), time.monotonic_ns()) for number in (0, 1, 1, 0)]
    for number, (_, server) in enumerate(servers):
        ops = read(tmp_path / f"ops-{number}")
        own = [(one, over_ns) for whose, one, over_ns in told if whose == number]
        assert len(ops) == turns.recorded[number] == server.served > 0
        assert all(
            any(one.start_ns <= started <= one.stop_ns and ended <= over_ns for one, over_ns in own)
            for started, ended in zip(ops["started_ns"], ops["ended_ns"], strict=True)
        )
    ends = [(one.start_ns, one.stop_ns, over_ns) for _, one, over_ns in told]
    assert sorted(ends) == ends
    assert all(start < stop <= over for start, stop, over in ends)
    assert all(0.01 <= one.median_s < 1 for _, one, _ in told)


def test_a_slice_that_is_not_drained_leaves_requests_under_way_and_the_next_one_has_their_answers(
    load: Generator, tmp_path: Path
) -> None:
    with answering(delay_s=0.3) as (host, server), load.interleaved(orders(tmp_path, [host])) as turns:
        first = turns.put_on(slice_of(0, seconds=0.1, drains=False))
        assert server.served == 0
        last = turns.put_on(slice_of(0, seconds=0.1))
    ops = read(tmp_path / "ops-0")
    assert set(ops["outcome"]) == {"ok"}
    # each of the four clients had its request of the first slice under way, and has sent no other meanwhile
    assert sum(ops["started_ns"] < first.stop_ns) == 4
    assert not ops["started_ns"].between(first.stop_ns, last.start_ns, inclusive="neither").any()


def test_nothing_is_sent_between_slices(load: Generator, tmp_path: Path) -> None:
    with answering() as (host, server), load.interleaved(orders(tmp_path, [host])) as turns:
        turns.put_on(slice_of(0))
        served = server.served
        time.sleep(0.3)
        assert server.served == served > 0
        turns.put_on(slice_of(0))
        assert server.served > served


def test_clients_begin_spread_over_a_latency(load: Generator, tmp_path: Path) -> None:
    """In step, all four would be under way at the same moments for as long as each takes the same."""
    with answering(delay_s=0.3) as (host, _), load.interleaved(orders(tmp_path, [host])) as turns:
        told = turns.put_on(slice_of(0, seconds=0.35, spread_s=0.3))
    started_ns = read(tmp_path / "ops-0")["started_ns"].to_numpy()[:4]
    assert (started_ns[:4] - told.start_ns).max() > 0.03e9


def test_a_pace_begins_anew_with_each_slice(load: Generator, tmp_path: Path) -> None:
    """So a slice owes nothing for the time in which it was another's turn."""
    with answering() as (host, _), load.interleaved(orders(tmp_path, [host], pace_s=0.1)) as turns:
        told = []
        for _ in range(2):
            told.append(turns.put_on(slice_of(0, seconds=0.5)))
            time.sleep(0.5)
    ops = read(tmp_path / "ops-0")
    assert set(ops["outcome"]) == {"ok"}
    for one in told:
        inside = ops[(ops["intended_ns"] >= one.start_ns) & (ops["intended_ns"] <= one.stop_ns)]
        assert 4 <= len(inside) <= 4 * 5 + 4
    assert len(ops) <= 2 * (4 * 5 + 4)


def test_the_generator_goes_on_after_a_load_that_was_given_up(load: Generator, tmp_path: Path) -> None:
    with answering() as (host, _):
        with pytest.raises(ValueError, match="mine"), load.interleaved(orders(tmp_path, [host])):
            raise ValueError("mine")
        with load.interleaved(orders(tmp_path, [host])) as turns:
            turns.put_on(slice_of(0))
    assert turns.recorded[0] == len(read(tmp_path / "ops-0")) > 0
