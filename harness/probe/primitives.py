"""What one request waits at until another one is done: locks, semaphores, conditions and queues, known by their code.

Of asyncio, AnyIO and Python's threads, and where clients of other services wait for one of few connections. A plain
lock of a thread has no code of Python's: a thread that waits for one is seen in the instruction that enters it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import dis
import queue
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pkgutil import resolve_name
from types import CodeType, FrameType

LOCK, SEMAPHORE, CONDITION, QUEUE = "lock", "semaphore", "condition", "queue"
CLIENT = "client"  # a library's that has few connections to another service
RESULT = "result"  # something that anyone may bring: a future, or an event

_PYTHONS = {
    asyncio.Lock.acquire: LOCK,
    asyncio.Semaphore.acquire: SEMAPHORE,
    asyncio.Condition.wait: CONDITION,
    asyncio.Queue.get: QUEUE,
    asyncio.Queue.put: QUEUE,
    asyncio.Event.wait: RESULT,
    threading.Semaphore.acquire: SEMAPHORE,
    threading.Condition.wait: CONDITION,
    threading.Event.wait: RESULT,
    queue.Queue.get: QUEUE,
    queue.Queue.put: QUEUE,
    concurrent.futures.Future.result: RESULT,
}
_OTHERS = {
    "anyio._backends._asyncio:Lock.acquire": LOCK,
    "anyio._backends._asyncio:Semaphore.acquire": SEMAPHORE,
    "anyio._backends._asyncio:CapacityLimiter.acquire_on_behalf_of": SEMAPHORE,
    "anyio._backends._asyncio:Event.wait": RESULT,
    "anyio._core._synchronization:Condition.wait": CONDITION,
    "anyio.streams.memory:MemoryObjectReceiveStream.receive": QUEUE,
    "anyio.streams.memory:MemoryObjectSendStream.send": QUEUE,
    "httpcore._async.connection_pool:AsyncPoolRequest.wait_for_connection": CLIENT,
    "httpcore._sync.connection_pool:PoolRequest.wait_for_connection": CLIENT,
    "urllib3.connectionpool:HTTPConnectionPool._get_conn": CLIENT,
    "aiohttp.connector:BaseConnector._wait_for_available_connection": CLIENT,
}
# Modules between the application and a primitive that it waits at itself: ``wait_for``, ``with``, timeouts.
_THROUGH = {"asyncio", "contextlib", "threading", "queue", "concurrent", "anyio"}
# A library that waits at any other waits for its peer, as a rule: a socket has an event of its own.
_OF_LIBRARIES = {LOCK, SEMAPHORE}
# Those that change the state of each connection under a lock, which a slow loop lets others wait for: that is no turn.
_CLIENTS = {"httpcore", "urllib3", "aiohttp"}
# Functions of C that wait for a lock of a thread, of a process, or of a file.
_ACQUIRING = {"acquire", "__enter__", "flock", "lockf"}
_NAMING = {"LOAD_METHOD", "LOAD_ATTR", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_FAST", "LOAD_DEREF"}


def known_primitives() -> Mapping[CodeType, str]:
    """Return what each code waits for, of all that is loaded by now."""
    codes = {function.__code__: kind for function, kind in _PYTHONS.items()}
    for name, kind in _OTHERS.items():
        if name.partition(":")[0] in sys.modules:
            with suppress(AttributeError):  # of another version
                codes[resolve_name(name).__code__] = kind
    return codes


def waited_at(calls: Sequence[FrameType], primitives: Mapping[CodeType, str]) -> tuple[str, FrameType | None]:
    """Name the primitive that these calls wait at, which lie beyond the application's last, the outermost first.

    Returned with its own call; nothing if there is none, or if it is a library's for something else than its turn.
    """
    direct, by_client = True, False
    for call in calls:
        if kind := primitives.get(call.f_code):
            its = direct or kind == CLIENT or (kind in _OF_LIBRARIES and not by_client)
            return (kind, call) if its else ("", None)
        direct = direct and passes_on(call)
        by_client = by_client or _package(call) in _CLIENTS
    return "", None


def passes_on(call: FrameType) -> bool:
    """Say whether a call only stands between its caller and what that one waits for itself."""
    return _package(call) in _THROUGH


def _package(call: FrameType) -> str:
    return str(call.f_globals.get("__name__", "")).partition(".")[0]


def enters_a_lock(frame: FrameType) -> bool:
    """Say whether the innermost call of a thread is about to enter a lock that is written in C.

    To wait for a thread to end is to wait for a lock, too, which is nobody's turn.
    """
    joins = frame.f_globals.get("__name__") == "threading" and frame.f_code.co_name not in _ACQUIRING
    return not joins and _acquires(frame.f_code, frame.f_lasti)


@lru_cache(maxsize=4096)
def _acquires(code: CodeType, offset: int) -> bool:
    instruction = next((one for one in dis.get_instructions(code) if one.offset == offset), None)
    if instruction is None:
        return False
    return instruction.opname == "BEFORE_WITH" or _called(code, instruction) in _ACQUIRING


def _called(code: CodeType, instruction: dis.Instruction) -> str:
    """Name the method or function that an instruction calls: the longest name within it that begins where it does."""
    at = instruction.positions
    if at is None or not instruction.opname.startswith("CALL"):
        return ""
    names = [
        (_end(one.positions), str(one.argval))
        for one in dis.get_instructions(code)
        if one.opname in _NAMING and one.positions is not None and one.positions[::2] == at[::2]
    ]
    return max(((end, name) for end, name in names if end <= _end(at)), default=((0, 0), ""))[1]


def _end(at: dis.Positions) -> tuple[int, int]:
    return at.end_lineno or 0, at.end_col_offset or 0
