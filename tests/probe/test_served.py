"""The layer in front of an application counts what passes it, and the garbage collections of its process."""

import asyncio
import gc
import json
from collections.abc import Iterator

import pytest

from harness.probe.served import PATH, Collections, Message, Receive, Scope, Send, Served


async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answers everything."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def asked(served: Served, path: str) -> dict[str, object]:
    """The JSON of one answer; empty for an empty one."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    asyncio.run(served({"type": "http", "path": path}, receive, send))
    body = sent[-1]["body"]
    return dict(json.loads(body)) if body else {}


@pytest.fixture
def served() -> Iterator[Served]:
    """One in front of the application, which stops counting collections with the test."""
    before = list(gc.callbacks)
    yield Served(application)
    gc.callbacks[:] = before


def test_it_tells_full_collections_and_their_processor_time(served: Served) -> None:
    before = asked(served, PATH)
    held = [[number] for number in range(200_000)]  # something to look through
    gc.collect()
    gc.collect()
    after = asked(served, PATH)
    counts, seconds = after["collections"], after["collections_s"]
    assert isinstance(counts, list)
    assert isinstance(seconds, list)
    assert counts[2] >= before["collections"][2] + 2  # type: ignore[index]  # JSON
    assert 0 < seconds[2] - before["collections_s"][2] < 10  # type: ignore[index]  # JSON
    assert len(held) == 200_000


def test_its_own_question_is_no_request(served: Served) -> None:
    asked(served, "/")
    asked(served, PATH)
    assert asked(served, PATH)["requests"] == 1


def test_what_others_do_while_it_collects_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the clock of the thread that collects, which stands while another has the core."""
    counted = Collections()
    gc.callbacks.remove(counted._note)
    clock = iter([1.0, 1.5, 7.0, 7.25])
    monkeypatch.setattr("harness.probe.served.time.thread_time", lambda: next(clock))
    for generation in (2, 0):
        counted._note("start", {"generation": generation})
        counted._note("stop", {"generation": generation})
    assert counted.processor_s == [0.25, 0.0, 0.5]
    assert counted.count == [1, 0, 1]
