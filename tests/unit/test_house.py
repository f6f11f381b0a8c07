"""The layout is held by its own drawing: which part may import which, and which must never.

``tests/house.json`` is the picture as data. A module that is on no part, an import that is no arrow, and an
import that must never be are each a failure that names the file.
"""

import ast
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSE = json.loads((ROOT / "tests" / "house.json").read_text())
OURS = ("harness", "targets", "scenarios")
ARROWS = {tuple(arrow) for arrow in HOUSE["arrows"]}
NEVER = {(one, other): why for one, other, why in HOUSE["never"]}


def sources() -> list[Path]:
    """Every module of ours."""
    return sorted(path for top in OURS for path in (ROOT / top).rglob("*.py") if path.read_text().strip())


def part_of(path: str) -> str | None:
    """The part that a file, given from the root, belongs to: the one that names it most exactly."""
    fitting = [
        (len(place), name)
        for name, part in HOUSE["parts"].items()
        for place in part["is"]
        if path == place or (place.endswith("/") and path.startswith(place))
    ]
    return max(fitting)[1] if fitting else None


def file_of(module: str) -> str | None:
    """The file of a module of ours; None for a library's."""
    path = ROOT / Path(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if module.split(".", maxsplit=1)[0] in OURS and candidate.exists():
            return str(candidate.relative_to(ROOT))
    return None


def imported(source: str) -> set[str]:
    """Modules that a source imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            submodules = {f"{node.module}.{name.name}" for name in node.names}
            known = {module for module in submodules if file_of(module)}
            found |= known or {node.module}
    return found


def wrong_imports(path: str, source: str) -> list[str]:
    """What a file imports although the picture has no arrow for it."""
    mine = part_of(path)
    assert mine is not None, f"{path} is on no part of tests/house.json"
    found = []
    for module in imported(source):
        file = file_of(module)
        theirs = part_of(file) if file else None
        if theirs is None or theirs == mine or (ROOT / str(file)).read_text().strip().count("\n") == 0:
            continue
        if (mine, theirs) in NEVER:
            found.append(f"{path} imports {module}: never, {NEVER[mine, theirs]}")
        elif (mine, theirs) not in ARROWS:
            found.append(f"{path} imports {module}: no arrow from {mine} to {theirs}")
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_along_the_arrows(path: Path) -> None:
    assert wrong_imports(str(path.relative_to(ROOT)), path.read_text()) == []


@pytest.mark.parametrize("path", [path for path in sources() if "locust" not in path.parts])
def test_locust_is_imported_in_one_place_only(path: Path) -> None:
    """Importing it patches the whole process."""
    tops = {module.split(".")[0] for module in imported(path.read_text())}
    assert not tops & {"locust", "gevent", "geventhttpclient"}


@pytest.mark.parametrize("path", sorted((ROOT / "harness" / "probe").glob("*.py")))
def test_a_probe_needs_nothing_that_a_target_may_lack(path: Path) -> None:
    allowed = sys.stdlib_module_names | {"sqlalchemy", "harness"}
    assert {module.split(".")[0] for module in imported(path.read_text())} <= allowed


def arrows_in_use() -> set[tuple[str, str]]:
    """Every arrow that some import goes along."""
    found = set()
    for path in sources():
        mine = part_of(str(path.relative_to(ROOT)))
        files = [file for module in imported(path.read_text()) if (file := file_of(module))]
        found |= {(mine, part_of(file)) for file in files}
    return {(mine, theirs) for mine, theirs in found if mine and theirs and mine != theirs}


def test_no_never_is_also_an_arrow() -> None:
    assert not ARROWS & NEVER.keys()


def test_every_arrow_has_an_import_and_every_part_a_place() -> None:
    assert ARROWS - arrows_in_use() == set()
    for name, part in HOUSE["parts"].items():
        assert all((ROOT / place).exists() for place in part["is"]), name


def test_a_never_and_a_missing_arrow_are_found() -> None:
    assert "never" in wrong_imports("harness/analysis/checks/writes.py", "from harness.store import Store")[0]
    assert "no arrow" in wrong_imports("harness/workload/x.py", "import harness.analysis.judge")[0]
    assert wrong_imports("harness/analysis/judge.py", "def f():\n    from harness.experiments.trial import run_trial")
    assert wrong_imports("harness/run.py", "from harness.store import Store") == []
