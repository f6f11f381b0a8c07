"""Find a workload by its address, and in it what goes by a name; hold it against the running application."""

from __future__ import annotations

import importlib
import os
import re
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from harness.errors import UsageError
from harness.model.plan import Target
from harness.model.workload import Workload

DEFAULT = "targets.workload:WORKLOAD"
T = TypeVar("T")
Names: TypeAlias = "Sequence[str] | None"  # None where nothing was named
_PARAMETER = re.compile(r"\{[^}]*\}")


def load_workload(name: str = DEFAULT) -> Workload:
    """Return the workload at ``module:attribute``; modules in the current folder are found, too.

    Raises:
        UsageError: There is none.
    """
    module, _, attribute = name.partition(":")
    if os.getcwd() not in sys.path:  # noqa: PTH109 - entries of the path are strings
        sys.path.insert(0, os.getcwd())  # noqa: PTH109 - the same
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"There is no workload {name!r}: {error}", "Give it as module:attribute") from error
    except (Exception, SystemExit) as error:  # the latter of a script that does its work when it is imported
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise UsageError(
            f"Workload {name!r} can't be imported: {type(error).__name__}: {error} ({place.filename}:{place.lineno})",
            "Correct that, or PYTHONPATH if it leads there",
        ) from error
    if not isinstance(found, Workload) or found.name != name:
        said = f"calls itself {found.name!r}" if isinstance(found, Workload) else f"is a {type(found).__name__}"
        raise UsageError(f"{name!r} {said}", "Name a Workload, and give it that name")
    for target in found.targets.values():
        if unknown := {target.reference, target.direct_twin} - {"", *found.targets}:
            told = f"Workload {name!r}: target {target.name} is held against {unknown.pop()!r}, which is no target"
            raise UsageError(told, "Add it to its targets, or name none")
    return found


def chosen(names: Iterable[str], known: Mapping[str, T], kind: str) -> dict[str, T]:
    """Return what goes by these names, once each, in their order.

    Raises:
        UsageError: A name is not known.
    """
    for name in names:
        if name not in known:
            raise UsageError(f"No {kind} is called {name!r}", f"Choose of {', '.join(sorted(known))}")
    return {name: known[name] for name in names}


def chosen_targets(workload: Workload, names: Names) -> dict[str, Target]:
    """Return the targets that go by these names; the twins if there are none."""
    return chosen(names or workload.twins, workload.targets, "target")


def require_operations(workload: Workload, openapi: Mapping[str, Any]) -> None:
    """Refuse an application that lacks operations of its workload.

    Raises:
        UsageError: Some are not in its OpenAPI document.
    """
    if missing := missing_operations(workload, openapi):
        raise UsageError(
            f"The application has no {', no '.join(missing)}", f"Correct the operations of {workload.name}"
        )


def missing_operations(workload: Workload, openapi: Mapping[str, Any]) -> list[str]:
    """Return each operation that an application does not have, by its OpenAPI document, with what it would ask for."""
    patterns = [
        (method.upper(), re.compile("[^/?]+".join(map(re.escape, _PARAMETER.split(path)))))
        for path, methods in openapi.get("paths", {}).items()
        for method in methods
    ]
    requests = {name: workload.request(name, 0, "0" * 32) for name in workload.operations}
    return [
        f"{name} ({request.method} {request.path})"
        for name, request in requests.items()
        if not any(
            method == request.method and pattern.fullmatch(request.path.partition("?")[0])
            for method, pattern in patterns
        )
    ]
