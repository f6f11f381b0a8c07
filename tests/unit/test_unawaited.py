"""A coroutine that is never awaited is told with the line that made it; one that is, or that is closed, is not."""

import asyncio
import contextlib
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from harness.probe.phases import PhaseProbe
from harness.probe.unawaited import NEVER_AWAITED, tell_unawaited

Serve = Callable[[], Awaitable[object]]
FILE = Path(__file__)


class Told:
    """Keeps what is noted of coroutines."""

    def __init__(self) -> None:
        self.dropped: list[tuple[str, tuple[str, int, str]]] = []

    def take(self, kind: object, _value: float, *labels: Any) -> None:
        if kind == NEVER_AWAITED:
            self.dropped.append(labels)  # type: ignore[arg-type]  # as many as its kind has names


async def commit() -> None:
    """Something that has to be awaited."""


async def forgotten() -> None:
    """Forget to await it."""
    commit()  # type: ignore[unused-coroutine]  # so it is


async def kept_in_a_name() -> None:
    """Keep it until the end, where no line of the application runs any more."""
    done = commit()  # noqa: F841 - so it is


async def taken_for_an_answer() -> bool:
    """Ask something of which the answer is always yes."""
    return True if commit() else False  # type: ignore[truthy-bool]  # noqa: SIM210 - so it is


async def awaited() -> None:
    """Await it, at once, by a task that is kept, and by several at once."""
    await commit()
    task = asyncio.create_task(commit())
    await asyncio.gather(commit(), commit())
    await task


async def closed() -> None:
    """Close it on purpose."""
    commit().close()


async def cancelled() -> None:
    """Cancel a task before it has begun."""
    task = asyncio.create_task(commit())
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def by_a_library() -> None:
    """Call a library that drops one of its own."""
    scope: dict[str, Any] = {}
    exec(compile("async def own(): pass\ndef call(): own()", "<library>", "exec"), scope)  # noqa: S102 - a stand-in
    scope["call"]()


def dropped_by(serve: Serve, monkeypatch: pytest.MonkeyPatch, *, followed: bool = True) -> tuple[Told, list[str]]:
    """Serve one request, and return what the probe was told and what Python was."""
    told, python = Told(), list[str]()
    monkeypatch.setattr(warnings, "_warn_unawaited_coroutine", lambda one: python.append(one.__name__))
    tell_unawaited(told)  # type: ignore[arg-type]  # a stand-in with what it calls

    async def app(_scope: object, _receive: object, _send: object) -> None:
        await serve()

    probed: Any = PhaseProbe(app, told, lambda: 1) if followed else app  # type: ignore[arg-type]  # the same
    asyncio.run(probed({"type": "http", "method": "GET", "path": "/", "headers": []}, None, None))
    return told, python


@pytest.mark.parametrize("serve", [forgotten, kept_in_a_name, taken_for_an_answer])
def test_it_is_told_with_the_line_that_made_it_and_python_is_told_as_before(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, python = dropped_by(serve, monkeypatch)
    ((coroutine, (file, line, function)),) = told.dropped
    assert (coroutine, file, function) == ("commit", FILE.name, serve.__name__)  # type: ignore[attr-defined]  # a function
    assert "commit()" in FILE.read_text().splitlines()[line - 1]
    assert python == ["commit"]


@pytest.mark.parametrize("serve", [awaited, closed, cancelled])
def test_what_is_awaited_closed_or_cancelled_is_not_told(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (dropped_by(serve, monkeypatch)[0].dropped, dropped_by(serve, monkeypatch)[1]) == ([], [])


def test_what_a_library_drops_is_not_the_applications(monkeypatch: pytest.MonkeyPatch) -> None:
    told, python = dropped_by(by_a_library, monkeypatch)
    assert (told.dropped, python) == ([], ["own"])


def test_in_a_request_that_is_not_followed_python_keeps_no_lines_and_none_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told, python = dropped_by(forgotten, monkeypatch, followed=False)
    assert (told.dropped, python) == ([], ["commit"])
