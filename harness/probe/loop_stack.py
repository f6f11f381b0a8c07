"""What an event loop is seen in: the application's innermost call, or else the request that it works for.

SQLAlchemy serves coroutines from a greenlet, which has a stack of its own: what the application waits for there is on
the stack that the loop left, and the loop is in that line all the same.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from harness.probe.call_site import FRAMEWORK, Place, is_asked, is_of_application, place_of
from harness.probe.readings import keep, stacks_of_threads
from harness.probe.served import route_of
from harness.probe.variables import variables_of

_PROBES = str(Path(__file__).parent)
SCOPE = "scope"  # what every ASGI application calls what it knows of a request


class Seen(NamedTuple):
    """What a loop is seen in.

    ``call`` is the application's innermost call; where it has none on the stack, the outermost of the request.
    ``innermost`` is the innermost of all, and ``outwards`` where a search for the request begins. ``directly`` says
    whether the call is on the loop's own stack.
    """

    call: FrameType
    innermost: FrameType
    outwards: FrameType
    is_of_application: bool = True
    directly: bool = True

    @property
    def place(self) -> Place:
        """The application's line, or that it is none."""
        return place_of(self.call) if self.is_of_application else FRAMEWORK

    @property
    def inside(self) -> str:
        """The innermost call that is no probe's, as ``fastapi.routing.serialize_response``."""
        frame: FrameType | None = self.innermost
        while frame is not None and frame.f_code.co_filename.startswith(_PROBES):  # as it is told of garbage, perhaps
            frame = frame.f_back
        return f"{frame.f_globals.get('__name__', '')}.{frame.f_code.co_name}" if frame else ""

    @property
    def route(self) -> str:
        """The route of the request that the loop works for; empty if it works for none."""
        request = _request(self.outwards)
        scope = variables_of(request).get(SCOPE) if request else None
        return route_of(scope) if isinstance(scope, dict) and {"method", "path"} <= scope.keys() else ""


class LoopStack:
    """The stack of the loop that runs in the thread which makes this."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        greenlet = sys.modules.get("greenlet")  # SQLAlchemy's, where it serves coroutines
        self._outside: Any = greenlet.getcurrent() if greenlet else None

    def seen(self) -> Seen | None:
        """Say what the loop is in, if that is the application's or a request's."""
        stack = stacks_of_threads().get(self._thread)
        if stack is None:
            return None
        if (call := _line(stack)) is not None:
            return Seen(call, stack, stack)
        left: FrameType | None = (
            self._outside.gr_frame if self._outside is not None else None
        )  # None unless a greenlet of it runs
        keep(left)
        if left is not None and (call := _line(left)) is not None:
            return Seen(call, stack, left, directly=False)
        request = _request(left or stack)
        return None if request is None else Seen(request, stack, request, is_of_application=False, directly=False)


def _line(frame: FrameType | None) -> FrameType | None:
    """Return the innermost call that is the application's, unless it only passes the request on.

    A middleware of the application's stands on the stack of all that the framework does for a request.
    """
    while frame is not None and not is_of_application(frame):
        if is_asked(frame):
            return None
        frame = frame.f_back
    return frame


def _request(frame: FrameType | None) -> FrameType | None:
    """Return the outermost call of a stack that has a request at hand."""
    found = None
    while frame is not None:
        if SCOPE in frame.f_code.co_varnames:
            found = frame
        frame = frame.f_back
    return found
