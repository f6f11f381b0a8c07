"""Names from the command line, looked up; the twins if none were given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from harness.errors import UsageError
from harness.model.plan import Target
from harness.model.workload import Workload

T = TypeVar("T")


def chosen(names: Iterable[str], known: Mapping[str, T], kind: str) -> dict[str, T]:
    """Return what goes by these names, once each, in their order.

    Raises:
        UsageError: A name is not known.
    """
    for name in names:
        if name not in known:
            raise UsageError(f"No {kind} is called {name!r}", f"Choose of {', '.join(sorted(known))}")
    return {name: known[name] for name in names}


def chosen_targets(workload: Workload, names: Sequence[str] | None) -> dict[str, Target]:
    """Return the targets that go by these names; the twins if there are none."""
    return chosen(names or workload.twins, workload.targets, "target")
