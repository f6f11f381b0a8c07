"""Processors that targets, load and all else are kept to."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from harness.errors import UsageError
from harness.model.plan import Processors
from harness.provision.pinning import confined, share_out

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
SHOW = [sys.executable, "-c", "import os; print(*sorted(os.sched_getaffinity(0)))"]


@pytest.mark.parametrize(
    ("usable", "targets", "expected"),
    [
        ({4, 7}, 1, Processors(targets=(4,), generator=(7,), rest=(7,))),
        ({0, 1, 2, 3}, 1, Processors(targets=(0,), generator=(1,), rest=(2, 3))),
        ({0, 1, 2, 3}, 2, Processors(targets=(0, 1), generator=(2,), rest=(3,))),
    ],
)
def test_targets_have_their_own(
    usable: set[int], targets: int, expected: Processors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: usable)
    assert share_out(targets) == expected


@pytest.mark.parametrize(("usable", "targets"), [({3}, 1), ({0, 1}, 2)])
def test_too_few_are_refused(usable: set[int], targets: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: usable)
    with pytest.raises(UsageError, match=f"needs {targets + 1} processors or more, and this process may use"):
        share_out(targets)


def test_what_is_started_meanwhile_is_confined_and_nothing_after_it() -> None:
    before = os.sched_getaffinity(0)
    one = min(before)
    with confined((one,)):
        assert subprocess.run(SHOW, capture_output=True, text=True, check=True).stdout.split() == [str(one)]
        with confined(()):
            assert os.sched_getaffinity(0) == {one}
    assert os.sched_getaffinity(0) == before
