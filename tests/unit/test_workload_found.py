"""A workload that names what it does not have is told so before anything is started."""

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from harness.errors import UsageError
from harness.workload.find import load_workload


def named(monkeypatch: pytest.MonkeyPatch, **changes: str) -> str:
    """The shipped workload with another async twin, in a module of its own."""
    shipped = load_workload()
    name = "changed_workload:WORKLOAD"
    targets = {**shipped.targets, "async": replace(shipped.targets["async"], **changes)}  # type: ignore[arg-type]  # texts
    module = ModuleType("changed_workload")
    module.WORKLOAD = replace(shipped, name=name, targets=targets)  # type: ignore[attr-defined]  # made here
    monkeypatch.setitem(sys.modules, "changed_workload", module)
    return name


@pytest.mark.parametrize("field", ["reference", "direct_twin"])
def test_a_target_that_is_held_against_none_that_there_is_is_told(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    with pytest.raises(UsageError, match="target async is held against 'nothing', which is no target"):
        load_workload(named(monkeypatch, **{field: "nothing"}))


def test_one_that_is_held_against_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_workload(named(monkeypatch, reference="", direct_twin="")).targets["async"].reference == ""
