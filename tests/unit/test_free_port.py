"""A port for a process to come: free, not given to another, and out of the way of outgoing connections."""

import socket

import pytest

from harness.errors import HarnessError
from harness.provision import addresses
from harness.provision.addresses import HOST, free_port


def two_ports(monkeypatch: pytest.MonkeyPatch) -> int:
    """Leave two neighbouring ports to choose from, and return the first."""
    while True:
        first = free_port()
        with socket.socket() as first_probe, socket.socket() as second_probe:
            first_probe.bind((HOST, first))
            if second_probe.connect_ex((HOST, first + 1)) != 0:
                break
    monkeypatch.setattr(addresses, "_PORTS", range(first, first + 2))
    monkeypatch.setattr(addresses, "_given", set())
    # chosen in turn, as chance might choose the same one again and again
    turns = iter([first, first, first + 1, first + 1] * 2)
    monkeypatch.setattr(addresses.secrets, "choice", lambda _ports: next(turns))
    return first


def test_none_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    first = two_ports(monkeypatch)
    assert [free_port(), free_port()] == [first, first + 1]


def test_it_is_none_that_a_system_gives_to_outgoing_connections() -> None:
    with socket.create_server((HOST, 0)) as server, socket.create_connection(server.getsockname()) as outgoing:
        lowest_seen = outgoing.getsockname()[1]
    assert max(free_port() for _ in range(200)) < min(lowest_seen, 32_768)


def test_one_that_is_listened_on_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    first = two_ports(monkeypatch)
    monkeypatch.setattr(addresses, "_PORTS", range(first, first + 4))  # as many tries as the turns take
    with socket.create_server((HOST, first)):
        assert free_port() == first + 1


def test_where_none_is_free_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    first = two_ports(monkeypatch)
    with socket.create_server((HOST, first)), pytest.raises(HarnessError, match=f"No port of {first} to {first + 1}"):
        free_port()
