"""Variables of calls are read without a trace in them, and one that ends meanwhile ends nothing else."""

from __future__ import annotations

import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from harness.probe.variables import variables_of

ROOT = Path(__file__).parents[2]

# A call is asked twice. In between it lets go of what gives the interpreter's lock away as it ends, and the call ends
# while that is waited for: whoever then goes on to read its variables reads what is gone.
CALL_THAT_ENDS = """
import gc, resource, sys, threading, time
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from harness.probe.variables import variables_of
class Slow:
    def __del__(self):
        ends.set()
        time.sleep(0.01)
def served():
    first, second, third = Slow(), [object() for _ in range(5)], bytearray(100)
    ready.set()
    asked.wait()
    first = None
    let_go.set()
    ends.wait(0.05)
def after(number):
    one, two, three = [number] * 7, {number: 1}, str(number) * 20
    return len(one) + len(two) + len(three)
def work():
    served()
    for number in range(10):
        after(number)
for _ in range(40):
    ready, asked, let_go, ends = (threading.Event() for _ in range(4))
    thread = threading.Thread(target=work)
    thread.start()
    ready.wait()
    frame = sys._current_frames()[thread.ident]
    while frame.f_code is not served.__code__:
        frame = frame.f_back
    READ
    asked.set()
    let_go.wait()
    known = READ
    thread.join()
    gc.collect()
    repr(known)
"""


def _read_by(way: str) -> int:
    code = CALL_THAT_ENDS.replace("READ", way)
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False).returncode


def test_a_call_that_ends_while_it_is_read_does_not_end_the_process() -> None:
    assert _read_by("variables_of(frame)") == 0


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="a call that is asked keeps no copy from 3.13 on")
def test_one_that_keeps_what_it_tells_does() -> None:
    assert _read_by("frame.f_locals") != 0  # a segmentation fault, or what is left of one


@contextmanager
def _standing(call: Callable[[threading.Event, threading.Event], object]) -> Iterator[FrameType]:
    """Yield the frame of a call in another thread that waits for the second event when it has set the first."""
    ready, go_on = threading.Event(), threading.Event()
    thread = threading.Thread(target=call, args=(ready, go_on))
    thread.start()
    try:
        assert ready.wait(60)
        frame: FrameType | None = sys._current_frames()[thread.ident or 0]
        while frame is not None and frame.f_code is not call.__code__:  # type: ignore[attr-defined]  # a function
            frame = frame.f_back
        assert frame is not None
        yield frame
    finally:
        go_on.set()
        thread.join()


class _Held:
    pass


def test_what_a_call_lets_go_of_is_gone_though_the_call_was_read_and_is_kept() -> None:
    gone = threading.Event()
    kept: list[FrameType] = []

    def call(ready: threading.Event, go_on: threading.Event) -> None:
        held: _Held | None = _Held()
        weakref.finalize(held, gone.set)
        ready.set()
        go_on.wait()
        held = None

    with _standing(call) as frame:
        assert isinstance(variables_of(frame)["held"], _Held)
        kept.append(frame)
    assert gone.is_set()


def test_a_method_that_is_called_as_what_gives_a_call_its_variables_is_none() -> None:
    class Session:
        def exec(self) -> None:
            raise NotImplementedError

    def call(ready: threading.Event, go_on: threading.Event) -> None:
        ready.set()
        if not go_on.wait(60):
            Session().exec()

    with _standing(call) as frame:
        assert variables_of(frame)["ready"]


def test_a_call_that_has_asked_for_its_own_variables_keeps_them_as_they_were() -> None:
    seen: list[dict[str, object]] = []

    def call(ready: threading.Event, go_on: threading.Event) -> None:
        values = locals()
        ready.set()
        go_on.wait()
        later = 1
        seen.append(dict(values))

    with _standing(call) as frame:
        assert variables_of(frame) == {}
    assert set(seen[0]) == {"ready", "go_on", "seen"}


def test_no_other_file_asks_a_call_for_its_variables() -> None:
    asking = [path for path in (ROOT / "harness").rglob("*.py") if ".f_locals" in path.read_text(encoding="utf-8")]
    assert asking == [ROOT / "harness/probe/variables.py"]
