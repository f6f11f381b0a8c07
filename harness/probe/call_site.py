"""The call site in the application: the innermost call that is neither Python's, nor a package's, nor a probe's."""

from __future__ import annotations

import gc
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType
from typing import Any

_LIBRARIES = (sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
_OF_OTHERS = (*_LIBRARIES, str(Path(__file__).parent), "<")
_known: dict[str, bool] = {}  # by file, whether it is the application's
# What stands between a coroutine and an async generator, or another coroutine, and does not say which.
_STEPS = {"async_generator_asend", "async_generator_athrow", "anext_awaitable", "coroutine_wrapper"}

Place = tuple[str, int, str]  # file, line and function
FRAMEWORK: Place = ("", 0, "the framework")


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


def inwards(coroutine: Any) -> Iterator[tuple[Any, FrameType]]:  # noqa: ANN401 - a coroutine, or a generator that one waits for
    """Follow a suspended coroutine to what it waits for, and on: each with its call, those of async generators, too."""
    while coroutine is not None:
        frame = _first(coroutine, "cr_frame", "gi_frame", "ag_frame")
        if frame is not None:
            yield coroutine, frame
        coroutine = _first(coroutine, "cr_await", "gi_yieldfrom", "ag_await") or _stepped_by(coroutine)


def _first(of: object, *names: str) -> Any:  # noqa: ANN401 - what any of them is
    return next((known for name in names if (known := getattr(of, name, None)) is not None), None)


def _stepped_by(step: object) -> object:
    """Return the coroutine or async generator that a step belongs to; None of anything else."""
    if type(step).__name__ not in _STEPS:
        return None
    kinds = (AsyncGeneratorType, CoroutineType)
    return next((one for one in gc.get_referents(step) if type(one) in kinds or type(one).__name__ in _STEPS), None)


def waits_at(coroutine: Any) -> Place | None:  # noqa: ANN401 - the same
    """Follow a suspended coroutine inwards to the last call that is the application's; None if none is."""
    place = None
    for _, frame in inwards(coroutine):
        if is_of_application(frame):
            place = place_of(frame)
    return place


def made_at(coroutine: Any) -> Place | None:  # noqa: ANN401 - the same
    """Say which line of the application made a coroutine; None if that is not known, or another's line did."""
    for file, line, function in coroutine.cr_origin or ():
        if _known.get(file, not file.startswith(_OF_OTHERS)):
            return os.path.basename(file), line, function  # noqa: PTH119 - no Path is made for each
    return None


def place_of(frame: FrameType | None) -> Place:
    """Say where a call is."""
    return FRAMEWORK if frame is None else place_at(frame.f_code, frame.f_lineno)


def place_at(code: CodeType, line: int) -> Place:
    """Say where a line of a function is."""
    return os.path.basename(code.co_filename), line, code.co_name  # noqa: PTH119 - no Path is made for each frame


def is_of_application(frame: FrameType) -> bool:
    """Say whether a call is the application's, and does not ask to be passed over."""
    file = frame.f_code.co_filename
    if file in _known:
        return _known[file]
    known = not (file.startswith(_OF_OTHERS) or frame.f_globals.get("__tracebackhide__"))
    if frame.f_code.co_name != "<module>":  # one that is being imported may not have said yet what it asks for
        _known[file] = known
    return known
