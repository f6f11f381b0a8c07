"""Threads of an application's own pools: of the context of whoever gives them work they know nothing by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from functools import wraps
from typing import Any

from harness.probe.served import looked_into


def go_along(variables: Sequence[ContextVar[Any]]) -> None:
    """Let variables be in a pool's thread what they are where it is given work, by a request that is looked into."""
    original: Callable[..., Future[Any]] = ThreadPoolExecutor.submit

    @wraps(original)
    def submit(pool: ThreadPoolExecutor, function: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:  # noqa: ANN401 - as Python's
        if looked_into.get():
            function = _with(function, [(variable, variable.get()) for variable in variables])
        return original(pool, function, *args, **named)

    ThreadPoolExecutor.submit = submit  # type: ignore[method-assign, assignment]  # there is no event


def _with(function: Callable[..., Any], values: Sequence[tuple[ContextVar[Any], Any]]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - as the application's
        tokens = [(variable, variable.set(value)) for variable, value in values]
        try:
            return function(*args, **named)
        finally:
            for variable, token in tokens:
                variable.reset(token)

    return call
