"""Which calls are the application's, and which ask to be passed over."""

import sys
from pathlib import Path
from types import FrameType

from harness.probe.call_site import of_application

SOURCE = """
import sys
seen.append(of_application(sys._getframe()))
__tracebackhide__ = True

def call():
    return of_application(sys._getframe())
"""


def test_a_file_that_was_seen_while_it_was_imported_is_passed_over_afterwards(tmp_path: Path) -> None:
    file = str(tmp_path / "driver.py")
    seen: list[FrameType | None] = []
    scope = {"of_application": of_application, "seen": seen}
    exec(compile(SOURCE, file, "exec"), scope)  # noqa: S102 - a module of ours, as an import runs it
    (imported,) = seen
    assert imported is not None
    assert imported.f_code.co_filename == file
    call = scope["call"]
    assert callable(call)
    assert call() is sys._getframe()
