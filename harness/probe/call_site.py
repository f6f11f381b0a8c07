"""The call site in the application: the innermost call that is neither Python's, nor a package's, nor a probe's.

An application may be a package itself, installed where its dependencies are, as in most containers: then it is what the
module that is served belongs to, and all else that is installed is not.
"""

from __future__ import annotations

import gc
import inspect
import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType, FunctionType
from typing import Any

from harness.probe.readings import keep

_PROBES = str(Path(__file__).parent)
_OF_OTHERS = (*(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")), "<")
# Where packages are installed, whichever Python they are for: Debian has a folder with a name of its own.
_INSTALLED = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))
_known: dict[str, bool] = {}  # by file, whether it is the application's
_served: list[str] = []  # the folders, or the file, of what is served
# What stands between a coroutine and an async generator, or another coroutine, and does not say which.
_STEPS = {"async_generator_asend", "async_generator_athrow", "anext_awaitable", "coroutine_wrapper"}

_FRAMEWORKS = {"fastapi", "starlette"}  # whose routes lead to functions of their own as well
_ASKED = {"scope", "receive", "send"}  # what an ASGI application is called with
DEEPEST = 8  # of mounted applications, routers and middlewares, one within the other

Place = tuple[str, int, str]  # file, line and function
FRAMEWORK: Place = ("", 0, "the framework")
# The module of a task that streams the answer of the one that waits for it, which is nobody's way round.
_STREAMS_ANSWERS = "starlette.responses"


def serve(app: str) -> None:
    """Let the package that ``app`` (``module:attribute``) belongs to be the application, wherever it is installed.

    It is the topmost package that is one by itself: a namespace is shared with packages that have nothing to do with
    it. A module that can't be found has none; whoever imports it tells of that.
    """
    _served[:] = _roots_of(app.partition(":")[0])
    _known.clear()


def _roots_of(module: str) -> list[str]:
    """Return the folders of the package that a module belongs to, or the file of one that is in none."""
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        with suppress(ImportError, ValueError):
            spec = find_spec(".".join(parts[:depth]))
            if spec is not None and spec.origin is not None:
                folders = spec.submodule_search_locations
                return [spec.origin] if folders is None else [os.path.join(folder, "") for folder in folders]  # noqa: PTH118 - as a path begins, a slash at its end
    return []


def serve_routes(app: object) -> None:
    """Let installed packages be the application as well that functions are of which its routes lead to.

    The module that is served may only put together what a package has.
    """
    for function in _endpoints(app, 0):
        package = function.__module__.partition(".")[0]
        if package not in _FRAMEWORKS and _is_installed(function.__code__.co_filename):
            _served.extend(root for root in _roots_of(package) if root not in _served)
    _known.clear()


def _endpoints(app: Any, depth: int) -> Iterator[FunctionType]:  # noqa: ANN401 - whatever is served
    """Yield the functions that routes lead to, also in what is mounted, or stands behind a middleware."""
    endpoint = getattr(app, "endpoint", app)
    with suppress(ValueError):  # one that is wrapped by itself
        endpoint = inspect.unwrap(endpoint)
    if isinstance(endpoint, FunctionType):
        yield endpoint
    if depth < DEEPEST:
        known = (getattr(app, name, None) for name in ("app", "router"))
        for below in (*(getattr(app, "routes", None) or ()), *(one for one in known if one is not None)):
            yield from _endpoints(below, depth + 1)


def of_application(frame: FrameType | None) -> FrameType | None:
    """Return the innermost call of a stack that is the application's, if any is.

    Code of the application that stands between a driver and its callers asks to be passed over as well, as pytest
    does it: by a ``__tracebackhide__`` that is true.
    """
    known = _known
    while frame is not None:
        file = frame.f_code.co_filename
        if known[file] if file in known else is_of_application(frame):  # spares a call for each frame
            return frame
        frame = frame.f_back
    return None


def caller() -> FrameType | None:
    """Return the application's innermost call here; in SQLAlchemy's greenlet, that of the coroutine which waits."""
    frame = of_application(sys._getframe())  # noqa: SLF001 - documented for this purpose
    if frame is None and (greenlet := sys.modules.get("greenlet")):  # SQLAlchemy's, where it serves coroutines
        parent = greenlet.getcurrent().parent
        frame = of_application(parent.gr_frame) if parent else None
    return frame


def stack() -> Iterator[FrameType]:
    """Yield all calls here, the innermost first; in SQLAlchemy's greenlet, those of the coroutine which waits, too."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - documented for this purpose
    greenlet = sys.modules.get("greenlet")
    parent = greenlet.getcurrent().parent if greenlet else None
    for innermost in (frame, parent.gr_frame if parent else None):
        frame = innermost
        while frame is not None:
            yield frame
            frame = frame.f_back


def is_asked(frame: FrameType) -> bool:
    """Say whether a call is that of an ASGI application, which is asked to serve a request."""
    return _ASKED.issubset(frame.f_code.co_varnames)


def callers() -> Iterator[FrameType]:
    """Yield all of the application's calls here, the innermost first."""
    frame = caller()
    while frame is not None:
        yield frame
        frame = of_application(frame.f_back)


def inwards(coroutine: Any) -> Iterator[tuple[Any, FrameType]]:  # noqa: ANN401 - a coroutine, or a generator that one waits for
    """Follow a suspended coroutine to what it waits for, and on: each with its call, those of async generators, too."""
    while coroutine is not None:
        kind = type(coroutine)
        if kind is CoroutineType:  # as most are
            frame, awaited = coroutine.cr_frame, coroutine.cr_await
        elif kind is AsyncGeneratorType:
            frame, awaited = coroutine.ag_frame, coroutine.ag_await
        else:  # a generator, or what a compiler has made of a coroutine
            frame = getattr(coroutine, "gi_frame", None) or getattr(coroutine, "cr_frame", None)
            awaited = getattr(coroutine, "gi_yieldfrom", None) or getattr(coroutine, "cr_await", None)
            awaited = awaited or _stepped_by(coroutine)
        if frame is not None:
            keep(frame)
            yield coroutine, frame
        coroutine = awaited


def _stepped_by(step: object) -> object:
    """Return the coroutine or async generator that a step belongs to; None of anything else."""
    if type(step).__name__ not in _STEPS:
        return None
    kinds = (AsyncGeneratorType, CoroutineType)
    return next((one for one in gc.get_referents(step) if type(one) in kinds or type(one).__name__ in _STEPS), None)


def waits_at(coroutine: Any) -> Place | None:  # noqa: ANN401 - the same
    """Follow a coroutine that waits for another task inwards to the last call that is the application's, if any is.

    None where it waits for nothing but its own answer, which Starlette streams from a task beside it.
    """
    place = FRAMEWORK
    for _, frame in inwards(coroutine):
        if is_of_application(frame):
            place = place_of(frame)
        elif frame.f_globals.get("__name__") == _STREAMS_ANSWERS:
            return None
    return place


def made_at(coroutine: Any) -> Place | None:  # noqa: ANN401 - the same
    """Say which line of the application made a coroutine; None if that is not known, or another's line did."""
    for file, line, function in coroutine.cr_origin or ():
        if _known.get(file, not file.startswith(_OF_OTHERS)):
            return os.path.basename(file), line, function  # noqa: PTH119 - no Path is made for each
    return None


def place_of(frame: FrameType | None) -> Place:
    """Say where a call is."""
    return FRAMEWORK if frame is None else place_at(frame.f_code, line_of(frame))


def line_of(frame: FrameType) -> int:
    """Return the line that a call is at; the function's first where it is between two, as another thread may see it."""
    return frame.f_lineno or frame.f_code.co_firstlineno


def place_at(code: CodeType, line: int) -> Place:
    """Say where a line of a function is."""
    return os.path.basename(code.co_filename), line, code.co_name  # noqa: PTH119 - no Path is made for each frame


def place_of_function(function: Any) -> Place | None:  # noqa: ANN401 - what an application serves a route by
    """Say where a function is, or what is called of an object; None if it has no code of Python's."""
    function = inspect.unwrap(function.func if isinstance(function, partial) else function)
    called = function if inspect.isroutine(function) else type(function).__call__
    code = getattr(called, "__code__", None)
    return place_at(code, code.co_firstlineno) if code else None


def is_of_application(frame: FrameType) -> bool:
    """Say whether a call is the application's, and does not ask to be passed over."""
    file = frame.f_code.co_filename
    if file in _known:
        return _known[file]
    known = _is_the_applications(file) and not frame.f_globals.get("__tracebackhide__")
    if frame.f_code.co_name != "<module>":  # one that is being imported may not have said yet what it asks for
        _known[file] = known
    return known


def _is_the_applications(file: str) -> bool:
    if file.startswith(_PROBES):
        return False
    for root in _served:  # an environment within it is not of it
        if file.startswith(root):
            return not _is_installed(file[len(root) - 1 :])
    return not (file.startswith(_OF_OTHERS) or _is_installed(file))


def _is_installed(path: str) -> bool:
    return any(folder in path for folder in _INSTALLED)
