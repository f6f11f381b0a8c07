"""The variables of a call that another thread may be in, read so that neither that call nor the interpreter notices.

Up to Python 3.12 a call that is asked for its variables keeps what it tells, in a dictionary that it brings up to date
when it is asked again. What falls out of it then may be the last that held an object, whose end may give the
interpreter's lock away, and with it the call may end whose variables are just being read: objects would be read that
are gone. So what a call tells is taken from it at once, each time.
"""

from __future__ import annotations

import dis
import inspect
from types import CodeType, FrameType

from harness.probe.readings import keep

# What gives a call that same dictionary, which then is its own and neither changed nor emptied.
_GIVES = {"locals", "vars", "exec", "eval"}
_LOADS = {"LOAD_GLOBAL", "LOAD_NAME"}


def variables_of(frame: FrameType) -> dict[str, object]:
    """Return what the variables of a call are now, and keep none of them alive.

    Nothing is told of a call that may ask for them all itself.
    """
    code = frame.f_code
    if not _GIVES.isdisjoint(code.co_names) and _may_ask(code):  # the second takes longer
        return {}
    variables = frame.f_locals
    known = dict(variables)
    keep(known)
    if isinstance(variables, dict) and code.co_flags & inspect.CO_OPTIMIZED:
        variables.clear()
    return known


def _may_ask(code: CodeType) -> bool:
    """Say whether a call of this code may ask for its own variables: ``locals()`` does, ``session.exec()`` does not."""
    return any(one.opname in _LOADS and one.argval in _GIVES for one in dis.get_instructions(code))
