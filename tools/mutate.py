"""Mutation test of the checks: change one thing at a time, and see a test go red.

    python tools/mutate.py            every mutant of harness/analysis/checks and harness/model/write_status.py
    python tools/mutate.py cut_map    those of one module

Each mutant is a changed syntax tree that stands in for the module in a forked process, which then runs the
checks' own tests. A mutant that no test notices has survived, and is printed with its line.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import importlib.abc
import importlib.machinery
import importlib.util
import io
import os
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType

ROOT = Path(__file__).parents[1]
MODULES = [
    ROOT / "harness" / "model" / "write_status.py",
    *sorted((ROOT / "harness" / "analysis" / "checks").glob("[a-z]*.py")),
]
TESTS = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("test_check*.py", "test_write_status.py", "test_set_aside.py")
    for path in (ROOT / "tests" / "unit").glob(pattern)
)
# Ten thousand examples for each mutant would take hours; the exhaustive comparison beside it knows the same.
LEFT_OUT = "not an_offence_is_exactly"
# What is imported before the fork is not rewritten by pytest, which would make an error of that.
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]

OPPOSITE = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}
VERDICTS = {"PASS": "FAIL", "FAIL": "UNDECIDED", "UNDECIDED": "PASS"}
SWAPPED = {"any": "all", "all": "any", "min": "max", "max": "min"}


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """Yield (line, what was changed, changed tree) for every place where something can be."""
    for place, node in enumerate(ast.walk(tree)):
        for what, change in _changes(node):
            changed = copy.deepcopy(tree)
            twin = next(other for number, other in enumerate(ast.walk(changed)) if number == place)
            change(twin)
            yield getattr(node, "lineno", 0), what, ast.fix_missing_locations(changed)


def _changes(node: ast.AST) -> Iterator[tuple[str, object]]:  # noqa: C901 - one branch a kind of change
    if isinstance(node, ast.Compare):
        for number, operator in enumerate(node.ops):
            if type(operator) in OPPOSITE:
                yield (
                    f"{type(operator).__name__} turned",
                    lambda twin, n=number: twin.ops.__setitem__(n, OPPOSITE[type(twin.ops[n])]()),
                )
    elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in OPPOSITE:
        yield f"{type(node.op).__name__} turned", lambda twin: setattr(twin, "op", OPPOSITE[type(twin.op)]())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not taken away", lambda twin: setattr(twin, "op", ast.UAdd())
    elif isinstance(node, ast.If | ast.IfExp):
        for value in (True, False):
            yield f"if {value}", lambda twin, v=value: setattr(twin, "test", ast.Constant(v))
    elif isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        yield "number + 1", lambda twin: setattr(twin, "value", twin.value + 1)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Verdict":
        yield f"{node.attr} turned", lambda twin: setattr(twin, "attr", VERDICTS[twin.attr])
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SWAPPED:
        yield f"{node.func.id} turned", lambda twin: setattr(twin.func, "id", SWAPPED[twin.func.id])


class _Mutant(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Finds one module, and gives it the code of a mutant."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        super().__init__(name, str(path))
        self._code = compile(tree, str(path), "exec")

    def find_spec(self, fullname: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """Find the one module."""
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.name else None

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the mutant."""
        return self._code if fullname == self.name else None


def survives(name: str, path: Path, tree: ast.Module) -> bool:
    """Run the tests on a mutant in a process of its own; true if all of them pass."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    code = 1
    try:
        import pytest  # noqa: PLC0415 - in the child, after the loader is in place

        sys.meta_path.insert(0, _Mutant(name, path, tree))
        own = [test for test in TESTS if f"_{path.stem}." in test or f"_{path.stem}_" in test]
        others = [test for test in TESTS if test not in own]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            # most mutants fall to the tests of their own module, which are soon done
            code = int(pytest.main([*OPTIONS, "-k", LEFT_OUT, *own])) if own else 0
            code = code or int(pytest.main([*OPTIONS, "-k", LEFT_OUT, *others]))
    finally:
        os._exit(code)


def main() -> int:
    """Try all mutants, print those that survive, and the share that was killed."""
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    import hypothesis  # noqa: F401, PLC0415 - what every child needs is imported once
    import numpy  # noqa: F401, PLC0415, ICN001 - the same
    import pytest  # noqa: F401, PLC0415 - the same

    tried = killed = 0
    for path in MODULES:
        if sys.argv[1:] and path.stem not in sys.argv[1:]:
            continue
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        sound = ast.parse(path.read_text())
        if not survives(name, path, sound):
            print(f"the tests fail on {path.relative_to(ROOT)} as it is")  # noqa: T201 - what it is for
            return 1
        for line, what, tree in mutants(sound):
            tried += 1
            if survives(name, path, tree):
                print(f"survived: {path.relative_to(ROOT)}:{line}: {what}", flush=True)  # noqa: T201 - what it is for
            else:
                killed += 1
    print(f"{killed} of {tried} mutants killed ({killed / tried:.1%})")  # noqa: T201 - what it is for
    return 0


if __name__ == "__main__":
    sys.exit(main())
